import type { PublicKey } from '../keys/wireguard.ts'
import { shortDigest } from './digest.ts'
import type { PeerReport } from './frames.ts'

/** A report of a peer as a text that both ends work out alike; without the age of the handshake, which is another each time. */
export function reportText(report: PeerReport): string {
  const { node, endpoint, rxBytes, txBytes, path, via, confirmed } = report
  return JSON.stringify([node, endpoint ?? 0, rxBytes, txBytes, path ?? 0, via ?? 0, confirmed ?? 0])
}

/** By which both ends see whether the one knows what the other has reported. @param texts of `reportText`, in any order */
export function reportsDigest(texts: Iterable<string>): string {
  return shortDigest([...texts].sort().join('\n'))
}

/** By which both ends see whether a relay has the list that it was told; undefined for an empty one. */
export function witnessDigest(keys: Iterable<PublicKey>): string | undefined {
  const sorted = [...keys].sort()
  return sorted.length > 0 ? shortDigest(sorted.join('\n')) : undefined
}
