import { WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import { openSeal } from '../keys/seal.ts'
import { type KeyPair, PrivateKey, publicKeyOf } from '../keys/wireguard.ts'
import { memberKeyPlace } from '../model/place.ts'
import type { SelfContent } from '../protocol/content.ts'
import type { ControllerFrameOf } from '../protocol/frames.ts'

/** The keys of this node in a network: its own, or those that were sealed to it. Throws `digest-mismatch` for others than certified. */
export function ownKeys(
  content: SelfContent,
  { sealedKey = '' }: ControllerFrameOf<'self'>,
  identity: Identity,
): KeyPair {
  const { network, record, custody } = content
  const keys =
    custody === 'node' ? identity.memberKey(network, record.keyVersion) : unseal(sealedKey, content, identity)
  if (keys.publicKey === record.publicKey) return keys
  throw new WeftError('digest-mismatch', 'The private key does not belong to the certified public key.')
}

function unseal(sealedKey: string, { network, record }: SelfContent, { id, sealing }: Identity): KeyPair {
  const place = memberKeyPlace(network, id, record.keyVersion)
  const sealed = new Uint8Array(Buffer.from(sealedKey, 'base64'))
  const secret = openSeal(sealed, sealing.privateKey, sealing.publicKey, place)
  const privateKey = new PrivateKey(secret.expose())
  secret.forget()
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}
