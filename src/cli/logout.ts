import { Command } from 'commander'
import { toWeftError, type WeftError } from '../errors.ts'
import { Client } from './client.ts'
import { parseToken } from './connection.ts'
import { say } from './login/say.ts'
import { findProfile, type Profile, readProfiles, withProfile, writeProfiles } from './profiles/store.ts'
import { usedProfile } from './profiles/used.ts'
import { parseControllerUrl } from './url.ts'

const HELP = `
A session that 'weft login' began ends at once and everywhere. A token that was given on stdin is only forgotten here: revoke
it with 'weft api-token revoke'.`

/** `weft logout` */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('Sign out of a controller, and forget the token. The profile stays.')
    .option('--profile <name>', 'the profile; else it is in WEFT_PROFILE, or the one in use')
    .addHelpText('after', HELP)
    .action(async (options: { readonly profile?: string }) => {
      const profiles = readProfiles()
      const name = usedProfile(profiles, options.profile)
      const profile = findProfile(profiles, name)
      const { token, ...rest } = profile
      // Forgotten first: whatever the controller says, it is not used again from here.
      writeProfiles({
        ...withProfile(profiles, name, rest),
        ...(profiles.current && { current: profiles.current }),
      })
      if (token !== undefined) await endSession(profile)
      process.stdout.write(`Signed out of '${name}'.\n`)
    })
}

async function endSession({ url, token }: Profile): Promise<void> {
  using client = new Client(parseControllerUrl(url), parseToken(token))
  try {
    await client.call('signOut')
  } catch (error) {
    const known = toWeftError(error)
    // It counts no longer, or it was made by a token and is not ours to end.
    if (known.code === 'unauthenticated') return
    say(warning(known))
  }
}

function warning({ code, message, advice = '' }: WeftError): string {
  if (code === 'conflict') return `It is forgotten here, and counts until it is revoked: ${advice}`
  return `It is forgotten here, and counts until it ends by itself: ${message}`
}
