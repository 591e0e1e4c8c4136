import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Session } from '../../client/operations.ts'
import { WeftError } from '../../errors.ts'
import { createServer } from '../../http.ts'
import type { Client } from '../client.ts'
import { type SignInOptions, say } from './say.ts'

/** Milliseconds that somebody may spend at the issuer. */
const PATIENCE = 600_000
const PAGE = 'You are signed in; this page can be closed.\n'

interface Return {
  readonly code: string
  readonly issuer: string | undefined
}

/**
 * Signs in by a browser on this machine, which comes back to a port that only this machine reaches (RFC 8252). What comes
 * back is worth nothing without the verifier, which never leaves this process but for the controller.
 */
export async function signInByLoopback(client: Client, { project, signal }: SignInOptions): Promise<Session> {
  const [state, nonce, codeVerifier] = [secret(), secret(), secret()]
  await using door = await openDoor()
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
  const { redirectUri } = door
  const { url } = await client.call('beginSignIn', { body: { redirectUri, state, nonce, codeChallenge } })
  say(`Open this in a browser on this machine:\n\n  ${url}\n`)
  const { code, issuer } = await door.returned(
    state,
    AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  )
  return client.call('finishSignIn', {
    body: { redirectUri, state, nonce, code, issuer, codeVerifier, project },
  })
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}

/** Where the browser comes back to. */
async function openDoor() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    returned: (state: string, signal: AbortSignal) => returned(server, state, signal),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Resolves with the first return that has the state; what else knocks is another's and is sent away. */
function returned(server: Server, state: string, signal: AbortSignal): Promise<Return> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(inVain()), { once: true })
    server.on('request', ({ url = '' }, response) => {
      const { pathname, searchParams: given } = new URL(url, 'http://localhost')
      response.setHeader('content-type', 'text/plain; charset=utf-8').setHeader('connection', 'close')
      if (pathname !== '/callback' || given.get('state') !== state) {
        response.writeHead(404).end('There is nothing here.\n')
        return
      }
      const code = given.get('code')
      response.end(code ? PAGE : 'You are not signed in; the terminal says more.\n', () => {
        if (code) resolve({ code, issuer: given.get('iss') ?? undefined })
        else reject(refused())
      })
    })
  })
}

function inVain(): WeftError {
  return new WeftError('timed-out', 'Nobody has signed in.', { advice: "Begin again with 'weft login'." })
}

function refused(): WeftError {
  return new WeftError('forbidden', 'The sign-in was refused at the issuer.', {
    advice: "Begin again with 'weft login'.",
  })
}
