// Drawn people for pictures of a meeting: `window.drawnCamera(3)` is a video track.
import { portrait, presentation } from '../../../demo/gallery/portraits.ts';

window.drawnCamera = (which, width, height) => portrait(which, width, height);
window.drawnScreen = () => presentation();

/** A microphone: a hum for whom the picture shows speaking, else silence. */
window.hummedVoice = (speaks) => {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = 180;
  volume.gain.value = speaks ? 0.3 : 0;
  const output = context.createMediaStreamDestination();
  tone.connect(volume).connect(output);
  tone.start();
  return output.stream.getAudioTracks()[0];
};
