import type { types } from 'mediasoup-client';

/** Three layers of 1280x720: a quarter, a half, whole. A viewer gets the one that fits its tile. */
export const CAMERA_ENCODINGS: types.RtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_800_000, scalabilityMode: 'L1T3' },
];

/** Text must stay sharp, so a screen is sent in one layer and full size. */
export const SCREEN_ENCODINGS: types.RtpEncodingParameters[] = [{ maxBitrate: 3_000_000 }];

/** The lowest camera layer that still has a pixel for each of the tile's. */
export function layerForWidth(devicePixels: number): number {
  if (devicePixels <= 330) return 0;
  if (devicePixels <= 660) return 1;
  return 2;
}
