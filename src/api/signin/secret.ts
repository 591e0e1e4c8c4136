import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ControllerSettings } from '../../controller/settings.ts'
import { WeftError } from '../../errors.ts'
import { SecretBytes } from '../../keys/secret.ts'

/** Name of the systemd credential (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = 'weft-oidc-client-secret'
const VARIABLE = 'WEFT_OIDC_CLIENT_SECRET'

/** The secret of the client at the issuer; undefined: it is a public one. Throws `invalid-config` when it cannot be read. */
export function clientSecret({ oidcClientSecretFile: file }: ControllerSettings): SecretBytes | undefined {
  if (file !== '') return readSecret(file)
  const given = process.env[VARIABLE]
  if (given) return new SecretBytes(Buffer.from(given.trim()))
  const { CREDENTIALS_DIRECTORY: credentials } = process.env
  const credential = credentials && join(credentials, CREDENTIAL)
  return credential && existsSync(credential) ? readSecret(credential) : undefined
}

function readSecret(file: string): SecretBytes {
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text !== '') return new SecretBytes(Buffer.from(text))
  } catch (cause) {
    throw unusable(file, cause)
  }
  throw unusable(file, undefined)
}

function unusable(file: string, cause: unknown): WeftError {
  return new WeftError('invalid-config', `There is no client secret in ${file} that could be read.`, {
    field: 'oidcClientSecretFile',
    advice: 'Put what the issuer showed into it, alone, readable by the user of the controller.',
    cause,
  })
}
