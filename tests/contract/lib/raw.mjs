import { request } from 'node:http';

/** A request as it is, with whatever path and headers. */
export function raw(url, { path = '/', method = 'GET', headers = {}, body } = {}) {
  return new Promise((fulfil, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, method, headers, agent: false });
    sent.on('error', reject);
    sent.on('upgrade', (answer, socket) => {
      socket.destroy();
      fulfil({ status: answer.statusCode, headers: answer.headers, text: '' });
    });
    sent.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () => fulfil({ status: answer.statusCode, headers: answer.headers, text }));
    });
    sent.end(body);
  });
}
