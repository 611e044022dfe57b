// A QR code as one path of SVG, dark on white in every colour scheme, because cameras expect that.

import { Box, Center } from '@mantine/core';
import { encode } from 'uqr';

export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <Center>
      <Box bg="white" p={4} style={{ borderRadius: 8 }}>
        <svg role="img" aria-label={label} width="200" height="200" viewBox={`0 0 ${size} ${size}`}>
          <path d={path} fill="#000" shapeRendering="crispEdges" />
        </svg>
      </Box>
    </Center>
  );
}
