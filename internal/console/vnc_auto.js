import RFB from './novnc/core/rfb.js';

// The path of the WebSocket, "console/?token=…", comes in the query, as Nova's
// console addresses have it: from the root of the host. Without one, the
// WebSocket is beside this page.
const query = new URLSearchParams(location.search);
const address = query.get('path')
  ? new URL('/' + query.get('path').replace(/^\/+/, ''), location.origin)
  : new URL('?token=' + encodeURIComponent(query.get('token') ?? ''), location.href);
address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const say = text => { document.getElementById('status').textContent = text; };
const rfb = new RFB(document.getElementById('screen'), address.href, {wsProtocols: ['binary']});
rfb.scaleViewport = query.get('scale') === 'true';
let name = 'the console';
rfb.addEventListener('desktopname', event => { name = event.detail.name; document.title = name; });
rfb.addEventListener('connect', () => { say('Connected to ' + name); rfb.focus(); });
rfb.addEventListener('disconnect', event => say(event.detail.clean ? 'Disconnected' : 'The connection was refused or lost: the address may have expired.'));
document.getElementById('cad').addEventListener('click', () => rfb.sendCtrlAltDel());
