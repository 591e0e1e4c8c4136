/** A 32-bit hash of a text: FNV-1a (draft-eastlake-fnv) with a last stirring, because alone it hardly moves its upper bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return stir(hash)
}

/**
 * Rendezvous hashing (highest random weight): whoever asks on behalf of `key` ranks the choices by this number, highest
 * first. Choices are loaded evenly, and one that comes or goes moves only the keys it wins or had won.
 */
export function weightOf(key: number, choice: number): number {
  return stir(key ^ Math.imul(choice, 0x9e3779b1))
}

/** The 32-bit finalizer of MurmurHash3: every bit of the input moves about half of the output. */
function stir(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
