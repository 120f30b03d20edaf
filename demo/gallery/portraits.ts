/** Drawn people and a drawn presentation: cameras for looking at the page without any. */

interface Look {
  wall: [string, string];
  skin: string;
  hair: string;
  shirt: string;
  style: 'short' | 'long' | 'bun' | 'curly' | 'bald';
  glasses: boolean;
  scene: 'window' | 'shelf' | 'plant' | 'plain';
}

const LOOKS: Look[] = [
  {
    wall: ['#dbe7e4', '#b9cfc9'],
    skin: '#e9b998',
    hair: '#3b2a20',
    shirt: '#2e5d68',
    style: 'long',
    glasses: false,
    scene: 'window',
  },
  {
    wall: ['#efe3d3', '#d8c3a5'],
    skin: '#8d5a3c',
    hair: '#17120f',
    shirt: '#d9a441',
    style: 'short',
    glasses: true,
    scene: 'shelf',
  },
  {
    wall: ['#d9dfeb', '#b4c0d8'],
    skin: '#f0c9ab',
    hair: '#b5642c',
    shirt: '#394b7a',
    style: 'bun',
    glasses: false,
    scene: 'plant',
  },
  {
    wall: ['#e8dadd', '#cfb4bb'],
    skin: '#c98f66',
    hair: '#221a17',
    shirt: '#7b3f52',
    style: 'curly',
    glasses: false,
    scene: 'shelf',
  },
  {
    wall: ['#dfe4d7', '#bccab0'],
    skin: '#f3d2ba',
    hair: '#8b8f94',
    shirt: '#50624a',
    style: 'short',
    glasses: true,
    scene: 'window',
  },
  {
    wall: ['#e4e0ec', '#c3bad8'],
    skin: '#5f3b29',
    hair: '#120d0b',
    shirt: '#b9c7d8',
    style: 'bald',
    glasses: false,
    scene: 'plant',
  },
  {
    wall: ['#d6e5ee', '#aecadb'],
    skin: '#d9a37c',
    hair: '#4a3020',
    shirt: '#c4574a',
    style: 'long',
    glasses: true,
    scene: 'plain',
  },
  {
    wall: ['#ece7dc', '#d3c9b3'],
    skin: '#b87a52',
    hair: '#1c1512',
    shirt: '#e9e5dd',
    style: 'bun',
    glasses: false,
    scene: 'window',
  },
  {
    wall: ['#dde8dc', '#b5cdb4'],
    skin: '#f1c7a5',
    hair: '#d8b26a',
    shirt: '#42566b',
    style: 'short',
    glasses: false,
    scene: 'plant',
  },
];

export function portrait(which: number, width = 1280, height = 720): MediaStreamTrack {
  const look = LOOKS[which % LOOKS.length] as Look;
  return animate(width, height, 20, (context, seconds) => {
    context.setTransform(width / 1280, 0, 0, height / 720, 0, 0);
    drawScene(context, look);
    drawPerson(context, look, seconds + which * 1.7);
  });
}

export function presentation(width = 1920, height = 1080): MediaStreamTrack {
  return animate(width, height, 5, (context) => {
    context.setTransform(width / 1920, 0, 0, height / 1080, 0, 0);
    drawSlide(context);
  });
}

function animate(
  width: number,
  height: number,
  framesPerSecond: number,
  draw: (context: CanvasRenderingContext2D, seconds: number) => void,
): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const start = performance.now();
  const step = (): void => draw(context, (performance.now() - start) / 1000);
  step();
  const track = canvas.captureStream(framesPerSecond).getVideoTracks()[0] as MediaStreamTrack;
  const timer = window.setInterval(() => {
    if (track.readyState === 'ended') window.clearInterval(timer);
    else step();
  }, 1000 / framesPerSecond);
  return track;
}

function drawScene(context: CanvasRenderingContext2D, { wall, scene }: Look): void {
  const light = context.createLinearGradient(0, 0, 1280, 720);
  light.addColorStop(0, wall[0]);
  light.addColorStop(1, wall[1]);
  context.fillStyle = light;
  context.fillRect(0, 0, 1280, 720);
  if (scene === 'window') drawWindow(context);
  if (scene === 'shelf') drawShelf(context);
  if (scene === 'plant') drawPlant(context);
}

function drawWindow(context: CanvasRenderingContext2D): void {
  const sky = context.createLinearGradient(0, 60, 0, 460);
  sky.addColorStop(0, '#f7fbff');
  sky.addColorStop(1, '#cfe3ee');
  box(context, 90, 50, 330, 430, 6, '#ffffff');
  box(context, 106, 66, 142, 398, 2, sky);
  box(context, 262, 66, 142, 398, 2, sky);
}

function drawShelf(context: CanvasRenderingContext2D): void {
  const colours = ['#b5543f', '#3e6b73', '#d7b15c', '#5a4a6a', '#e4ded2', '#4a6b4f', '#2f3d52'];
  for (const [row, y] of [250, 460].entries()) {
    box(context, 860, y, 360, 14, 3, '#8a6a4c');
    let x = 872;
    for (let book = 0; x < 1180; book += 1) {
      const wide = 22 + ((book * 7 + row * 5) % 4) * 7;
      const high = 96 + ((book * 13 + row * 9) % 5) * 15;
      box(
        context,
        x,
        y - high,
        wide,
        high,
        3,
        colours[(book + row * 3) % colours.length] as string,
      );
      x += wide + (book % 5 === 4 ? 34 : 4);
    }
  }
}

function drawPlant(context: CanvasRenderingContext2D): void {
  box(context, 1010, 470, 130, 180, 18, '#c98b64');
  context.fillStyle = '#4e7a57';
  for (const [angle, length] of [
    [-1.1, 230],
    [-0.6, 300],
    [-0.15, 330],
    [0.35, 300],
    [0.85, 240],
  ]) {
    context.save();
    context.translate(1075, 480);
    context.rotate(angle as number);
    context.beginPath();
    context.ellipse(0, -(length as number) / 2, 36, (length as number) / 2, 0, 0, Math.PI * 2);
    context.fill();
    context.restore();
  }
}

function drawPerson(context: CanvasRenderingContext2D, look: Look, seconds: number): void {
  const sway = Math.sin(seconds * 0.7) * 10;
  const nod = Math.sin(seconds * 1.3) * 5;
  const blink = seconds % 3.7 < 0.14;
  context.save();
  context.translate(640 + sway, 0);
  if (look.style === 'long') drawBackHair(context, look, nod);
  disc(context, 0, 790, 300, 260, look.shirt);
  box(context, -58, 470, 116, 120, 50, shade(look.skin, -18));
  context.translate(0, nod);
  disc(context, -122, 360, 24, 36, shade(look.skin, -10));
  disc(context, 122, 360, 24, 36, shade(look.skin, -10));
  disc(context, 0, 350, 124, 160, look.skin);
  drawHair(context, look);
  drawFace(context, look, blink, seconds);
  context.restore();
}

function drawBackHair(context: CanvasRenderingContext2D, { hair }: Look, nod: number): void {
  box(context, -160, 190 + nod, 320, 420, 150, shade(hair, -8));
}

function drawHair(context: CanvasRenderingContext2D, { hair, style }: Look): void {
  if (style === 'bald') return;
  if (style === 'bun') disc(context, 0, 160, 62, 58, hair);
  if (style === 'curly') {
    for (let i = 0; i <= 8; i += 1) {
      const angle = Math.PI * (1.04 + (i / 8) * 0.92);
      disc(context, Math.cos(angle) * 126, 316 + Math.sin(angle) * 130, 50, 50, hair);
    }
  }
  context.fillStyle = hair;
  context.beginPath();
  context.moveTo(-128, 352);
  context.bezierCurveTo(-168, 116, 168, 116, 128, 352);
  context.bezierCurveTo(112, 270, 60, 254, 10, 262);
  context.bezierCurveTo(-56, 268, -108, 280, -128, 352);
  context.fill();
}

function drawFace(
  context: CanvasRenderingContext2D,
  { skin, hair, glasses }: Look,
  blink: boolean,
  seconds: number,
): void {
  const dark = '#2a211d';
  for (const side of [-1, 1]) {
    disc(context, side * 50, 352, 11, blink ? 2 : 13, dark);
    stroke(context, shade(hair, -10), 8, () =>
      context.arc(side * 50, 340, 32, 1.25 * Math.PI, 1.75 * Math.PI),
    );
    if (glasses)
      stroke(context, '#30343a', 6, () => context.arc(side * 50, 354, 40, 0, Math.PI * 2));
  }
  if (glasses)
    stroke(context, '#30343a', 6, () => {
      context.moveTo(-10, 350);
      context.lineTo(10, 350);
    });
  stroke(context, shade(skin, -34), 6, () => {
    context.moveTo(2, 366);
    context.quadraticCurveTo(16, 398, -6, 402);
  });
  const open = Math.max(0, Math.sin(seconds * 5) * Math.sin(seconds * 0.9)) * 9;
  context.fillStyle = '#9c4a44';
  context.beginPath();
  context.moveTo(-42, 434);
  context.quadraticCurveTo(0, 462 + open, 42, 434);
  context.quadraticCurveTo(0, 446 - open / 2, -42, 434);
  context.fill();
}

function drawSlide(context: CanvasRenderingContext2D): void {
  box(context, 0, 0, 1920, 1080, 0, '#fbfaf7');
  box(context, 0, 0, 28, 1080, 0, '#0b7a63');
  const text = (words: string, x: number, y: number, font: string, colour: string): void => {
    context.font = `${font} system-ui, "Liberation Sans", sans-serif`;
    context.fillStyle = colour;
    context.fillText(words, x, y);
  };
  text('Third quarter', 140, 150, '600 34px', '#0b7a63');
  text('Where our meetings take place', 140, 232, '700 72px', '#1a1d21');
  const bars: [string, number, string][] = [
    ['April', 0.34, '#b7d8cf'],
    ['May', 0.41, '#b7d8cf'],
    ['June', 0.52, '#8fc4b6'],
    ['July', 0.61, '#5fab98'],
    ['August', 0.74, '#34917b'],
    ['September', 0.92, '#0b7a63'],
  ];
  for (const [i, [month, share, colour]] of bars.entries()) {
    const x = 160 + i * 196;
    box(context, x, 900 - share * 540, 132, share * 540, 12, colour);
    text(month, x, 956, '500 30px', '#5a636e');
    text(`${Math.round(share * 100)} %`, x, 900 - share * 540 - 22, '600 32px', '#1a1d21');
  }
  text('In the browser', 1420, 480, '650 44px', '#1a1d21');
  text('No installation, one link,', 1420, 548, '400 34px', '#5a636e');
  text('and our own server.', 1420, 596, '400 34px', '#5a636e');
}

function box(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
  fill: string | CanvasGradient,
): void {
  context.fillStyle = fill;
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

function disc(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
): void {
  context.fillStyle = fill;
  context.beginPath();
  context.ellipse(x, y, width, height, 0, 0, Math.PI * 2);
  context.fill();
}

function stroke(
  context: CanvasRenderingContext2D,
  colour: string,
  width: number,
  path: () => void,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = 'round';
  context.beginPath();
  path();
  context.stroke();
}

function shade(colour: string, by: number): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) + by);
  return `rgb(${parts.map((part) => Math.max(0, Math.min(255, part))).join(' ')})`;
}
