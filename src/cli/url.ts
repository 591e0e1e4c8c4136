import { WeftError } from '../errors.ts'
import { type Fingerprint, type Place, parseFingerprint } from '../keys/pinned.ts'

/** Where a controller is, and how to know it. */
export interface ControllerUrl {
  readonly place: Place
  readonly fingerprint: Fingerprint
}

/** Reads `https://127.0.0.1:7443#FINGERPRINT` or `unix:/path#FINGERPRINT`. Throws `invalid-config`. */
export function parseControllerUrl(text: string): ControllerUrl {
  const [address = '', pin = ''] = text.trim().split('#')
  const fingerprint = parseFingerprint(pin)
  const place = parseAddress(address)
  if (place && fingerprint) return { place, fingerprint }
  throw new WeftError('invalid-config', 'The URL of the controller is not whole.', {
    field: 'WEFT_URL',
    advice:
      "Copy the 'url:' line that the controller printed, with what is behind '#', and put it in quotes.",
  })
}

function parseAddress(text: string): Place | undefined {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) }
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || url.hostname === '') return undefined
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443) }
}
