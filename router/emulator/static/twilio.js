// A page's softphone on the emulator, in place of Twilio's Voice SDK 2.x: `window.Twilio.Device`,
// with the SDK's names, options, events, states and errors. There is no sound; what is heard comes
// as words. Ours beyond the SDK: the options `emulator` (its address) and `speakAloud`, `call.say()`,
// and a Call's event `hears`. Not here: preflight tests, user
// defined messages, connect tokens, volume and network warnings, the SDK's Logger.

"use strict";
(() => {
const SOCKET_PATH = "/softphone";
const REFUSED = 4401; // the emulator's close code for a token it does not take
const RETRY_MS = [100, 250, 500, 1000, 2000];
const TOKEN_ERRORS = new Set([20101, 20104, 20151]);

class Emitter {
  #listeners = new Map();

  on(name, listener) {
    this.#listeners.set(name, [...this.listeners(name), listener]);
    return this;
  }

  once(name, listener) {
    const wrapper = (...args) => {
      this.off(name, wrapper);
      listener.apply(this, args);
    };
    wrapper.listener = listener;
    return this.on(name, wrapper);
  }

  off(name, listener) {
    const kept = this.listeners(name).filter((l) => l !== listener && l.listener !== listener);
    this.#listeners.set(name, kept);
    return this;
  }

  addListener(name, listener) { return this.on(name, listener); }

  removeListener(name, listener) { return this.off(name, listener); }

  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  listeners(name) { return this.#listeners.get(name) ?? []; }

  listenerCount(name) { return this.listeners(name).length; }

  emit(name, ...args) {
    const listeners = this.listeners(name);
    for (const listener of listeners) listener.apply(this, args);
    return listeners.length > 0;
  }
}

// Errors

class TwilioError extends Error {
  constructor(code, name, description, detail = "") {
    super(`${name} (${code}): ${detail || description}`);
    Object.assign(this, { code, name, description, explanation: detail, causes: [], solutions: [] });
    this.originalError = undefined;
  }
}

const KNOWN_ERRORS = {
  AuthorizationErrors: [
    [20101, "AccessTokenInvalid", "Invalid access token"],
    [20104, "AccessTokenExpired", "Access token expired or expiration date invalid"],
    [20151, "AuthenticationFailed", "Authentication failed"],
  ],
  ClientErrors: [
    [31400, "BadRequest", "Bad request"],
    [31404, "NotFound", "Not found"],
  ],
  GeneralErrors: [
    [31000, "UnknownError", "Unknown error"],
    [31001, "ApplicationNotFoundError", "Application not found"],
    [31002, "ConnectionDeclinedError", "Connection declined"],
    [31005, "ConnectionError", "Connection error"],
  ],
  SignalingErrors: [
    [53000, "ConnectionError", "Signaling connection error"],
    [53001, "ConnectionDisconnected", "Signaling connection disconnected"],
  ],
};
const BY_CODE = new Map();
for (const [family, errors] of Object.entries(KNOWN_ERRORS)) {
  TwilioError[family] = {};
  for (const [code, name, description] of errors) {
    const Kind = class extends TwilioError {
      constructor(detail) { super(code, name, description, detail); }
    };
    TwilioError[family][name] = Kind;
    BY_CODE.set(code, Kind);
  }
}

function errorOf(code, detail) {
  const Kind = BY_CODE.get(code) ?? BY_CODE.get(31000);
  return new Kind(detail);
}

for (const name of ["InvalidArgumentError", "InvalidStateError", "NotSupportedError"]) {
  TwilioError[name] = class extends Error {
    constructor(message) {
      super(message);
      this.name = name;
    }
  };
}
const { InvalidArgumentError, InvalidStateError, NotSupportedError } = TwilioError;
TwilioError.TwilioError = TwilioError;

// The connection

/** One WebSocket after another, until it is closed; each begins with the token. */
class Signal {
  #device;
  #socket = null;
  #session = "";
  #attempt = 0;
  #closed = false;
  #retry = null;
  #waiting = [];
  ready = false;

  constructor(device) {
    this.#device = device;
    this.#open();
  }

  /** Resolves when the emulator has taken the token, and is refused when it has not. */
  connected() {
    if (this.ready) return Promise.resolve();
    return new Promise((done, failed) => this.#waiting.push({ done, failed }));
  }

  send(type, fields = {}) {
    if (!this.ready) return false;
    this.#socket.send(JSON.stringify({ type, ...fields }));
    return true;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
  }

  #open() {
    const address = this.#device._address().replace(/^http/, "ws") + SOCKET_PATH;
    const socket = this.#socket = new WebSocket(address);
    socket.onopen = () => {
      const hello = { type: "hello", token: this.#device.token, session: this.#session };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(event);
  }

  #take(frame) {
    if (frame.type === "connected") {
      this.#session = frame.session;
      this.#attempt = 0;
      this.ready = true;
      this.#settle(({ done }) => done());
    } else if (!this.ready) {
      // Anything but a bad token is worth another try, which #lost makes.
      if (!TOKEN_ERRORS.has(frame.code)) return;
      this.#settle(({ failed }) => failed(errorOf(frame.code, frame.message)));
    }
    this.#device._receive(frame);
  }

  #settle(how) {
    for (const waiter of this.#waiting.splice(0)) how(waiter);
  }

  #lost(event) {
    const wasReady = this.ready;
    this.ready = false;
    if (this.#closed) return;
    const final = event.code === REFUSED;
    if (wasReady || final) this.#device._lost(final);
    else if (this.#attempt === 0) {
      const error = errorOf(31005, `the emulator at ${this.#device._address()} does not answer`);
      this.#settle(({ failed }) => failed(error));
      this.#device.emit("error", error);
    }
    if (final) return;
    const wait = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)];
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#open(), wait);
  }
}

// Calls

class Call extends Emitter {
  static State = Object.freeze({
    Closed: "closed",
    Connecting: "connecting",
    Open: "open",
    Pending: "pending",
    Reconnecting: "reconnecting",
    Ringing: "ringing",
  });

  static Codec = Object.freeze({ Opus: "opus", PCMU: "pcmu" });

  static CallDirection = Object.freeze({ Incoming: "INCOMING", Outgoing: "OUTGOING" });

  #device;
  #status = Call.State.Pending;
  #muted = false;
  callerInfo = null;
  codec = "";

  constructor(device, { parameters = {}, custom = {} }) {
    super();
    this.#device = device;
    this.parameters = parameters;
    this.customParameters = new Map(Object.entries(custom).map(([k, v]) => [k, String(v)]));
    this.direction = parameters.CallSid ? Call.CallDirection.Incoming : Call.CallDirection.Outgoing;
    if (!parameters.CallSid) this.outboundConnectionId = `TJ${crypto.randomUUID()}`;
  }

  status() { return this.#status; }

  isMuted() { return this.#muted; }

  accept() {
    if (this.#status !== Call.State.Pending) return;
    this.#device._accepting(this);
    this.#status = Call.State.Connecting;
    if (this.direction === Call.CallDirection.Incoming) this.#send("accept");
    else {
      const params = Object.fromEntries(this.customParameters);
      this.#device._send("connect", { id: this.outboundConnectionId, params });
    }
  }

  reject() {
    if (this.#status !== Call.State.Pending) return;
    this.#send("reject");
    this.#end("reject");
  }

  ignore() {
    if (this.#status !== Call.State.Pending) return;
    this.#send("ignore");
    this.#end("");
  }

  disconnect() {
    if ([Call.State.Closed, Call.State.Pending].includes(this.#status)) return;
    this.#send("hang_up");
    this.#end("disconnect", this);
  }

  mute(shouldMute = true) {
    if (this.#muted === shouldMute) return;
    this.#muted = shouldMute;
    // Before it is connected nobody hears it; _open tells the emulator then.
    if (this.#status === Call.State.Open) this.#send("mute", { muted: shouldMute });
    this.emit("mute", shouldMute, this);
  }

  sendDigits(digits) {
    if (/[^0-9*#w]/.test(digits)) {
      throw new InvalidArgumentError("Illegal character passed into sendDigits");
    }
    if (!this.#send("press", { digits })) {
      this.emit("error", errorOf(31005, "Could not send DTMF: Signaling channel is disconnected"));
    }
  }

  /** Ours, not Twilio's: what would be spoken into the microphone. */
  say(text) { this.#send("say", { text: String(text) }); }

  getLocalStream() { return undefined; }

  getRemoteStream() { return undefined; }

  postFeedback() { return Promise.resolve(); }

  sendMessage() { throw new NotSupportedError("The emulator has no user defined messages."); }

  toString() { return "[Twilio.Call instance]"; }

  // What the Device tells it

  _dialled(sid) { this.parameters.CallSid = sid; }

  _ringing() {
    if (this.#status !== Call.State.Connecting) return;
    this.#status = Call.State.Ringing;
    this.emit("ringing", false);
  }

  _open() {
    if (![Call.State.Connecting, Call.State.Ringing].includes(this.#status)) return;
    this.#status = Call.State.Open;
    if (this.#muted) this.#send("mute", { muted: true });
    this.emit("accept", this);
  }

  _canceled() {
    if (this.#status !== Call.State.Closed) this.#end("cancel");
  }

  _ended() {
    if (this.#status !== Call.State.Closed) this.#end("disconnect", this);
  }

  _failed(error, final = true) {
    if (this.#status === Call.State.Closed) return;
    this.emit("error", error);
    if (final) this._ended();
  }

  _lost() {
    if (this.#status === Call.State.Pending) return;
    this.resume = this.#status === Call.State.Reconnecting ? this.resume : this.#status;
    this.#status = Call.State.Reconnecting;
    this.emit("reconnecting", errorOf(53001));
  }

  _found() {
    if (this.#status !== Call.State.Reconnecting) return;
    this.#status = this.resume;
    if (this.#muted) this.#send("mute", { muted: true });
    this.emit("reconnected");
  }

  _heard(entry) { this.emit("hears", entry); }

  #send(type, fields = {}) {
    const call = this.parameters.CallSid ?? this.outboundConnectionId;
    return this.#device._send(type, { call, ...fields });
  }

  #end(event, ...args) {
    this.#status = Call.State.Closed;
    this.#device._remove(this);
    if (event) this.emit(event, ...args);
  }
}

// Sound: none, so there is nothing to choose

class Outputs {
  get() { return new Set(); }

  set() { return Promise.resolve(); }

  delete() { return Promise.resolve(false); }

  test() { return Promise.resolve(); }
}

class AudioHelper extends Emitter {
  #sounds = { incoming: true, outgoing: true, disconnect: true };
  availableInputDevices = new Map();
  availableOutputDevices = new Map();
  inputDevice = null;
  inputStream = null;
  isOutputSelectionSupported = false;
  isVolumeSupported = false;
  ringtoneDevices = new Outputs();
  speakerDevices = new Outputs();

  setInputDevice() { return Promise.resolve(); }

  unsetInputDevice() { return Promise.resolve(); }

  setAudioConstraints() { return Promise.resolve(); }

  unsetAudioConstraints() { return Promise.resolve(); }

  incoming(on) { return this.#sound("incoming", on); }

  outgoing(on) { return this.#sound("outgoing", on); }

  disconnect(on) { return this.#sound("disconnect", on); }

  #sound(name, on) {
    if (typeof on === "boolean") this.#sounds[name] = on;
    return this.#sounds[name];
  }
}

// The device

class Device extends Emitter {
  static State = Object.freeze({
    Destroyed: "destroyed",
    Registered: "registered",
    Registering: "registering",
    Unregistered: "unregistered",
  });

  static EventName = Object.freeze({
    Destroyed: "destroyed",
    Error: "error",
    Incoming: "incoming",
    Registered: "registered",
    Registering: "registering",
    TokenWillExpire: "tokenWillExpire",
    Unregistered: "unregistered",
  });

  static SoundName = Object.freeze({
    Disconnect: "disconnect",
    Incoming: "incoming",
    Outgoing: "outgoing",
  });

  static isSupported = true;
  static packageName = "@twilio/voice-sdk";
  static version = "2.18.5-emulator";
  static extension = "mp3";
  /** Ours: the emulator's address, where the script's own is not it. */
  static emulator = document.currentScript ? new URL(document.currentScript.src).origin : undefined;

  static runPreflight() { throw new NotSupportedError("The emulator has no preflight tests."); }

  static toString() { return "[Twilio.Device class]"; }

  #token = "";
  #options = { allowIncomingWhileBusy: false, closeProtection: false, tokenRefreshMs: 10_000 };
  #state = Device.State.Unregistered;
  #identity = null;
  #calls = [];
  #active = null;
  #signal = null;
  #wanted = false; // registered, or to be registered again when the connection is back
  #expiry = null;
  #leaving = () => this.destroy();
  #protect = (event) => { if (this.#active) event.preventDefault(); };
  audio = new AudioHelper();

  constructor(token, options = {}) {
    super();
    this.updateToken(token);
    this.updateOptions(options);
    window.addEventListener("pagehide", this.#leaving);
  }

  get token() { return this.#token; }

  get identity() { return this.#identity; }

  get state() { return this.#state; }

  get calls() { return this.#calls; }

  get isBusy() { return this.#active !== null; }

  get edge() { return this.#signal?.ready ? "emulator" : null; }

  get home() { return this.#signal?.ready ? "emulator" : null; }

  updateOptions(options = {}) {
    this.#living("updateOptions");
    this.#options = { ...this.#options, ...options };
    window.removeEventListener("beforeunload", this.#protect);
    if (this.#options.closeProtection) window.addEventListener("beforeunload", this.#protect);
  }

  updateToken(token) {
    this.#living("updateToken");
    if (typeof token !== "string") {
      throw new InvalidArgumentError('Parameter "token" must be of type "string".');
    }
    this.#token = token;
    this._send("token", { token });
  }

  async register() {
    if (this.#state !== Device.State.Unregistered) {
      throw new InvalidStateError(
        `Attempt to register when device is in state "${this.#state}". Must be "unregistered".`,
      );
    }
    this.#setState(Device.State.Registering);
    try {
      await this.#connected();
    } catch (error) {
      this.#setState(Device.State.Unregistered);
      throw error;
    }
    this.#wanted = true;
    const settled = this.#settled();
    this._send("register");
    await settled;
  }

  async unregister() {
    if (this.#state !== Device.State.Registered) {
      throw new InvalidStateError(
        `Attempt to unregister when device is in state "${this.#state}". Must be "registered".`,
      );
    }
    this.#wanted = false;
    const done = new Promise((resolve) => this.once("unregistered", resolve));
    this._send("unregister");
    await done;
  }

  async connect({ params = {}, connectToken } = {}) {
    this.#living("connect");
    if (connectToken) throw new NotSupportedError("The emulator has no connect tokens.");
    if (this.#active) throw new InvalidStateError("A Call is already active");
    const call = this.#active = new Call(this, { custom: params });
    try {
      await this.#connected();
    } catch (error) {
      this.#active = null;
      throw error;
    }
    for (const other of this.#calls.slice()) other.ignore();
    call.accept();
    return call;
  }

  disconnectAll() {
    for (const call of [...this.#calls, this.#active]) call?.disconnect();
  }

  destroy() {
    if (this.#state === Device.State.Destroyed) return;
    for (const call of this.#calls.slice()) call.reject();
    this.disconnectAll();
    this.#wanted = false;
    clearTimeout(this.#expiry);
    this.#signal?.close();
    this.#signal = null;
    window.removeEventListener("pagehide", this.#leaving);
    window.removeEventListener("beforeunload", this.#protect);
    this.#setState(Device.State.Unregistered);
    this.#setState(Device.State.Destroyed);
    this.removeAllListeners();
  }

  toString() { return "[Twilio.Device instance]"; }

  // What its connection and its calls tell it

  _address() { return new URL(this.#options.emulator ?? Device.emulator ?? location.href).origin; }

  _send(type, fields) { return this.#signal?.send(type, fields) ?? false; }

  _receive(frame) {
    const call = frame.call ? this.#find(frame.call) : undefined;
    switch (frame.type) {
      case "connected": return this.#welcome(frame);
      case "token": return this.#watchExpiry(frame.ttl);
      case "registered": return this.#setState(Device.State.Registered);
      case "unregistered":
        this.#wanted = false;
        return this.#setState(Device.State.Unregistered);
      case "incoming": return this.#incoming(frame, call);
      case "dialled": return this.#find(frame.id)?._dialled(frame.call);
      case "ringing": return call?._ringing();
      case "open": return call?._open();
      case "cancel": return call?._canceled();
      case "ended": return call?._ended();
      case "hears": return this.#hears(call, frame.entry);
      case "error": return this.#failed(errorOf(frame.code, frame.message), call);
      default: return undefined;
    }
  }

  _lost(final) {
    for (const call of this.#everyCall()) {
      if (final) call._failed(errorOf(31005, "the connection could not be made again"));
      else call._lost();
    }
    if (final) {
      this.#signal = null;
      this.#wanted = false;
    }
    this.#setState(Device.State.Unregistered);
  }

  _accepting(call) {
    if (this.#active && this.#active !== call) this.#active.disconnect();
    this.#calls = this.#calls.filter((one) => one !== call);
    this.#active = call;
  }

  _remove(call) {
    this.#calls = this.#calls.filter((one) => one !== call);
    if (this.#active === call) this.#active = null;
  }

  #living(what) {
    if (this.#state === Device.State.Destroyed) {
      throw new InvalidStateError(`Attempt to "${what}" when device is in state "destroyed".`);
    }
  }

  #connected() {
    this.#signal ??= new Signal(this);
    return this.#signal.connected();
  }

  #everyCall() { return [...this.#calls, this.#active].filter(Boolean); }

  #find(sid) {
    return this.#everyCall().find((c) => c.parameters.CallSid === sid || c.outboundConnectionId === sid);
  }

  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.emit(state);
  }

  #settled() {
    return new Promise((resolve, reject) => {
      const settle = (error) => {
        this.off("registered", settle).off("unregistered", refused);
        if (error) reject(error);
        else resolve();
      };
      const refused = () => settle(this.lastError ?? errorOf(31005, "not registered"));
      this.on("registered", settle).on("unregistered", refused);
    });
  }

  #welcome({ identity, ttl, calls }) {
    this.#identity = identity;
    this.#watchExpiry(ttl);
    for (const call of this.#everyCall()) {
      if (call.status() !== Call.State.Reconnecting) continue;
      if (calls.includes(call.parameters.CallSid)) call._found();
      else call._failed(errorOf(31005, "the call ended while the connection was lost"));
    }
    if (this.#wanted) {
      this.#setState(Device.State.Registering);
      this._send("register");
    }
  }

  #watchExpiry(ttl) {
    clearTimeout(this.#expiry);
    const wait = Math.max(0, ttl * 1000 - this.#options.tokenRefreshMs);
    this.#expiry = setTimeout(() => this.emit("tokenWillExpire", this), wait);
  }

  #incoming(frame, known) {
    if (known) return;
    if (this.#active && !this.#options.allowIncomingWhileBusy) return;
    const call = new Call(this, frame);
    this.#calls.push(call);
    this.emit("incoming", call);
  }

  #hears(call, entry) {
    call?._heard(entry);
    if (this.#options.speakAloud && ["say", "speech"].includes(entry.kind)) {
      speechSynthesis.speak(new SpeechSynthesisUtterance(entry.text));
    }
  }

  #failed(error, call) {
    this.lastError = error;
    // What the emulator refuses in a call it knows leaves the call as it is.
    call?._failed(error, !call.parameters.CallSid);
    this.emit("error", error, call);
    if (!call && this.#state === Device.State.Registering) this.#setState(Device.State.Unregistered);
  }
}

globalThis.Twilio = { ...globalThis.Twilio, AudioHelper, Call, Device, TwilioError };
})();
