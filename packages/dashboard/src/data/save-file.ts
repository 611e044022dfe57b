// Hands a text to the browser as a file to keep.

export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Once the download has begun it needs the address no more.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
