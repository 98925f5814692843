// The driver as an ES module: `import { Device, Call } from ".../static/softphone.js"`, or the same
// address for "@twilio/voice-sdk" in the page's import map. The driver itself is twilio.js.

import "./twilio.js";

export const { AudioHelper, Call, Device, TwilioError } = globalThis.Twilio;
Device.emulator ??= new URL(import.meta.url).origin;
