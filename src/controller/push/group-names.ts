import { createHmac } from 'node:crypto'
import { canonicalFields } from '../../keys/fields.ts'
import type { SecretBytes } from '../../keys/secret.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { NetworkId } from '../../model/names.ts'
import { type Group, NO_GROUP, toGroup } from '../../protocol/group.ts'

/**
 * What the groups of members are called. Who sees a record can tell whether two are of one group, and guess nothing else: the
 * name depends on a secret that follows from the key of the authority, so all replicas give the same, and no member knows it.
 */
export class GroupNames {
  readonly #secret: SecretBytes

  constructor(signing: SigningKey) {
    this.#secret = signing.derive('groups')
  }

  /** @param opener of a class; who may open only what all may is of no group, and its record the same under any such policy */
  of(network: NetworkId, opener: string): Group {
    if (opener === '') return NO_GROUP
    const text = canonicalFields('weft/1 group', network, opener)
    return toGroup(createHmac('sha256', this.#secret.expose()).update(text).digest())
  }
}
