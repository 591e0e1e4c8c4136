import { useEffect, useState } from 'preact/hooks'
import { callOf } from '../../client/api.ts'
import type { SignInWays } from '../../client/operations.ts'
import { ask } from '../api/client.ts'
import { useAct } from '../panels/act.ts'
import { Mark, ThemeButton } from '../panels/brand.tsx'
import { Notice } from '../panels/notice.tsx'
import { BY_COOKIE, keep, session, withToken } from '../session.ts'

/** The door: OpenID Connect where the controller has it, or an API token, kept by this tab only. */
export function SignIn() {
  const [token, setToken] = useState('')
  const [issuer, setIssuer] = useState<string>()
  const { isBusy, error, run } = useAct()
  useEffect(() => void lookAround(setIssuer), [])
  const signIn = async () => {
    const candidate = withToken(token.trim())
    await ask({ ...callOf('whoami'), headers: candidate.headers })
    keep(candidate, token.trim())
  }
  return (
    <main class="door" tabIndex={-1}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run(signIn)
        }}
      >
        <h1>
          <Mark /> Weft
        </h1>
        <p class="muted">
          Private networks between your machines: who reaches whom, over what path, and why.
        </p>
        {issuer !== undefined && (
          <a class="primary" href={callOf('login').path}>
            Sign in with {issuer}
          </a>
        )}
        <label>
          API token
          <input
            name="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            autofocus
            placeholder="weft_…"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={isBusy}>
          Sign in
        </button>
        <Notice error={error} />
        <p class="hint">
          The controller printed the first one when it first started. It stays in this tab and goes when you
          close it.
        </p>
      </form>
      <ThemeButton />
    </main>
  )
}

/** Goes in at once if this browser has a session; else tells what the issuer is called, if there is one. */
async function lookAround(tell: (issuer: string | undefined) => void): Promise<void> {
  const call = { ...callOf('showSignIn'), headers: BY_COOKIE.headers }
  const response = await ask(call).catch(() => undefined)
  const answer: SignInWays | undefined = await response?.json()
  if (answer?.session) session.set(BY_COOKIE)
  else tell(answer?.oidc?.name)
}
