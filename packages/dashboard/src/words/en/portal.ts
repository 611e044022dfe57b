// English words of src/pages/portal.

export const portal = {
  over: 'This page has expired',
  openAgain: 'For your safety it is open for a short time only. Open it again from where you came.',
  openAgainFrom: 'For your safety it is open for a short time only. Open it again from {{site}}.',
  endsAt: 'This page ends',
  readOnly: 'You can look at the keys here, not change them.',
};
