// What the debugger's numbers mean, and what to look at.

const MEANINGS = {
  11100: "The address is not one that can be requested: it must begin with http or https.",
  11200: "The application answered with an error or not within 15 seconds; the fallback URL is asked next.",
  11205: "No connection to the application: is it running, at this address and port?",
  11206: "The answer was not proper HTTP, or the connection broke in the middle of it.",
  11210: "The host cannot be reached from here. Only the loopback is, unless --allow-any-host is given.",
  11215: "More than ten redirects one after another.",
  11750: "The document is longer than 64 kB.",
  11770: "The answer ended before its first byte.",
  12100: "The answer is not well-formed XML, or its root is not Response.",
  12101: "The XML declaration names a version other than 1.0.",
  12200: "A verb, noun, attribute or nesting that TwiML does not know. It is passed over; names are case-sensitive.",
  12300: "The answer's Content-Type is none that holds TwiML: use text/xml.",
  13201: "A whisper may only play, say, gather and hang up.",
  13214: "The callerId is neither a number nor a client of the account.",
  13223: "The number to dial is not a phone number, client or SIP address.",
  13224: "The number to dial cannot be called.",
  13237: "The conference has no name.",
  13238: "A conference's waiting or hold document may only play, say, pause and redirect.",
  13240: "The leg to be coached is not in this conference.",
  15003: "A status callback was answered with an error. The call goes on; answer 204, or 200 with an empty Response.",
  15004: "A document given inline has no address of its own, so its action must be a whole URL.",
  16020: "The conference has as many participants as it may have.",
  16023: "A participant's label is too long, looks like a CallSid, or has a slash in it.",
  16025: "Another participant of this conference has this label.",
};
const FAMILIES = [
  [13000, 13999, "An attribute or a nesting that this verb does not take; where it can, the verb goes on with its default."],
  [14000, 14999, "A message could not be made of what the document says."],
  [16000, 16999, "The conference could not do this."],
];

export function explain(code) {
  return MEANINGS[code] ?? FAMILIES.find(([low, high]) => low <= code && code <= high)?.[2] ?? "";
}
