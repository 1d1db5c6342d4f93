// The line to the server: what comes is handed on, what is wished is sent, a lost line is told.

const WAITS_S = [1, 2, 4, 8, 15, 30]; // between tries to connect again; then a person must ask

/**
 * A websocket to the server that sent this page.
 *
 * `on` holds functions: opened(), frame(buffer), message(object), lost(again) where `again` is the
 * number of seconds until the next try, or null if there will be none until `connect` is called.
 */
export class Connection {
  constructor(on) {
    this.on = on;
    this.tries = 0;
    this.timer = null;
    this.socket = null;
  }

  connect() {
    clearTimeout(this.timer);
    if (this.socket !== null && this.socket.readyState <= WebSocket.OPEN) return;
    const secure = location.protocol === "https:";
    const socket = new WebSocket(`${secure ? "wss" : "ws"}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.on.opened();
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => {
      if (socket === this.socket) this.lose();
    };
    this.socket = socket;
  }

  /** Connect at once, and try as often as at first. */
  connectAgain() {
    this.tries = 0;
    this.connect();
  }

  receive(data) {
    if (data instanceof ArrayBuffer) {
      this.on.frame(data);
      return;
    }
    let message = null;
    try {
      message = JSON.parse(data);
    } catch {
      return; // nothing of ours
    }
    if (message !== null && typeof message === "object") {
      if (message.kind === "hello") this.tries = 0; // a server that speaks is worth trying again
      this.on.message(message);
    }
  }

  lose() {
    this.socket = null;
    const wait = WAITS_S[this.tries++] ?? null;
    if (wait !== null) this.timer = setTimeout(() => this.connect(), 1000 * wait);
    this.on.lost(wait);
  }

  send(message) {
    if (this.socket !== null && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(message));
      return true;
    }
    return false;
  }
}
