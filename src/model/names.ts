import { parseNodeId } from '../keys/identity.ts'
import { fromBase32, isBase32Of, toBase32 } from '../keys/text.ts'

declare const brand: unique symbol
/** `net-` and 16 characters of base32. */
export type NetworkId = string & { readonly [brand]: 'NetworkId' }
/** `tok-` and 16 characters of base32; the id is public, the secret of a token is another thing. */
export type TokenId = string & { readonly [brand]: 'TokenId' }

/** `prj-` and 16 characters of base32. */
export type ProjectId = string & { readonly [brand]: 'ProjectId' }

/** `whk-` and 16 characters of base32. */
export type WebhookId = string & { readonly [brand]: 'WebhookId' }

export const ID_BYTES = 10

/** What people may call a project, a network or a node: a DNS label (RFC 1123), so that it is harmless wherever it is printed. */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
const NAME = new RegExp(NAME_PATTERN)

/** @param bytes ID_BYTES random bytes */
export function toNetworkId(bytes: Uint8Array): NetworkId {
  return `net-${toBase32(bytes)}` as NetworkId
}

/** @param bytes ID_BYTES random bytes */
export function toTokenId(bytes: Uint8Array): TokenId {
  return `tok-${toBase32(bytes)}` as TokenId
}

/** @param bytes ID_BYTES random bytes */
export function toProjectId(bytes: Uint8Array): ProjectId {
  return `prj-${toBase32(bytes)}` as ProjectId
}

/** @param bytes ID_BYTES random bytes */
export function toWebhookId(bytes: Uint8Array): WebhookId {
  return `whk-${toBase32(bytes)}` as WebhookId
}

/** The project that is there from the first start. Its id is the same everywhere, so that commands can fall back on it. */
export const DEFAULT_PROJECT = toProjectId(new Uint8Array(ID_BYTES))

export function parseNetworkId(text: string): NetworkId | undefined {
  return hasIdForm(text, 'net-') ? (text as NetworkId) : undefined
}

export function parseTokenId(text: string): TokenId | undefined {
  return hasIdForm(text, 'tok-') ? (text as TokenId) : undefined
}

export function parseProjectId(text: string): ProjectId | undefined {
  return hasIdForm(text, 'prj-') ? (text as ProjectId) : undefined
}

export function parseWebhookId(text: string): WebhookId | undefined {
  return hasIdForm(text, 'whk-') ? (text as WebhookId) : undefined
}

export function networkIdBytes(id: NetworkId): Uint8Array {
  return fromBase32(id.slice('net-'.length)) ?? new Uint8Array(ID_BYTES)
}

/** Whether `text` can be a name: of the right form, and not to be mistaken for an id. */
export function isName(text: string): boolean {
  return NAME.test(text) && !parseNetworkId(text) && !parseNodeId(text) && !parseProjectId(text)
}

/** The nearest name to a host name: lower case, other characters as hyphens, at most 63 of them; `node` if none is left. */
export function toName(hostName: string): string {
  const name = hostName
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')
  return isName(name) ? name : 'node'
}

function hasIdForm(text: string, prefix: string): boolean {
  return text.startsWith(prefix) && isBase32Of(ID_BYTES, text.slice(prefix.length))
}
