import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

declare const brand: unique symbol
/** 11 characters of base64url: which filter rules hold for a member, as others see it; empty where those hold that are for all. */
export type Group = string & { readonly [brand]: 'Group' }

export const NO_GROUP = '' as Group
/** 64 bits: classes of one network are a few thousand, and nobody but the operator chooses what is hashed. */
const GROUP_BYTES = 8

/** @param hash of which the group is the beginning */
export function toGroup(hash: Uint8Array): Group {
  return toBase64Url(hash.subarray(0, GROUP_BYTES)) as Group
}

/** @param group not the empty one */
export function writeGroup(writer: ByteWriter, group: Group): ByteWriter {
  return writer.raw(fromBase64Url(group) ?? new Uint8Array(GROUP_BYTES))
}

export function readGroup(reader: ByteReader): Group {
  return toBase64Url(reader.raw(GROUP_BYTES)) as Group
}
