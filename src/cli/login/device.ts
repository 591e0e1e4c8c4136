import { setTimeout as pause } from 'node:timers/promises'
import type { DeviceCode, Session } from '../../client/operations.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import type { Client } from '../client.ts'
import { type SignInOptions, say } from './say.ts'

/**
 * Signs in by a browser anywhere, into which the person types a code (RFC 8628). Resolves with undefined when the issuer has
 * nothing of the kind.
 */
export async function signInByDevice(
  client: Client,
  { project, signal }: SignInOptions,
): Promise<Session | undefined> {
  const begun = await begin(client)
  if (!begun) return undefined
  const { deviceCode, userCode, verificationUri, expiresInSeconds, intervalSeconds } = begun
  say(`Open ${verificationUri} in any browser, and enter the code:\n\n  ${userCode}\n`)
  const end = performance.now() + expiresInSeconds * 1_000
  while (performance.now() < end) {
    const answer = await client.call('finishDeviceSignIn', { body: { deviceCode, project } })
    if ('token' in answer) return answer
    await pause(intervalSeconds * 1_000, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  throw new WeftError('timed-out', 'Nobody has signed in with the code.', {
    advice: "Begin again with 'weft login'.",
  })
}

async function begin(client: Client): Promise<DeviceCode | undefined> {
  try {
    return await client.call('beginDeviceSignIn')
  } catch (error) {
    if (toWeftError(error).code === 'not-found') return undefined
    throw error
  }
}
