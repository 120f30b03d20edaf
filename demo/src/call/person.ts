/** Somebody in the meeting, as the page shows them. */
export interface Person {
  id: string;
  name: string;
  isSelf: boolean;
  muted: boolean;
  /** Null while the camera is off. */
  camera: MediaStreamTrack | null;
  screen: MediaStreamTrack | null;
}

/** A tile of the page: a person's face, or what they present. */
export type TileKind = 'camera' | 'screen';
