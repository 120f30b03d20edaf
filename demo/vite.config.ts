import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running server; the built page is served by that server itself. */
const server = 'http://localhost:3003';

export default defineConfig({
  build: { target: 'es2022', sourcemap: false },
  server: {
    proxy: {
      '/socket.io': { target: server, ws: true },
      '/demo': { target: server },
    },
  },
});
