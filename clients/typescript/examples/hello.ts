import { Api, Client } from '@roomlog/client';
import WebSocket from 'ws'; // a browser has its own

const [url = 'http://127.0.0.1:8080', name = 'ann'] = process.argv.slice(2);
const api = new Api({ url, auth: 'bearer' });
await api.auth.guest({ display_name: name });

const client = new Client({ api, webSocket: WebSocket });
client.on('state', ({ kind }) => console.log(`(${kind})`));
client.connect();

const room = client.open('a97685bd-efe0-5571-84e1-aa9bd8918750'); // general
room.on('event', (event) => event.type === 'message_sent' && console.log(`${event.from.name}: ${event.body.text}`));
console.log(`said as number ${(await room.send('hello').receipt).seq}`);
