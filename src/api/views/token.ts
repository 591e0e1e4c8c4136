import type { JoinToken } from '../../model/state.ts'
import type { Token } from '../schemas/token.ts'
import { instantText } from './instant.ts'

/** A join token as REST shows it: neither its secret nor the hash of it. */
export function tokenView({ id, networks, labels, uses, expiresAt, createdAt }: JoinToken): Token {
  return {
    id,
    networks: [...networks],
    labels,
    uses,
    expiresAt: instantText(expiresAt),
    createdAt: instantText(createdAt),
  }
}
