const TRIES = 5;
const PAUSE_MS = 500;

/** getUserMedia() of a browser whose fake camera may not be there yet while several browsers start at once. */
export async function openDevices(constraints) {
  for (let left = TRIES - 1; ; --left) {
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch (error) {
      const isNotThereYet = ['OverconstrainedError', 'NotFoundError', 'NotReadableError'].includes(error.name);
      if (left === 0 || !isNotThereYet) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
