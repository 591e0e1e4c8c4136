import { Command } from 'commander'
import { fields, orDash, print, table } from './output.ts'
import { findProfile, type Profile, readProfiles, writeProfiles } from './profiles/store.ts'
import { usedProfile } from './profiles/used.ts'

interface JsonOption {
  readonly json?: boolean
}

/** `weft profile list|use|show|delete` */
export function profileCommand(): Command {
  return new Command('profile')
    .description("List, choose, show and delete profiles: controllers with names. 'weft login' makes them.")
    .addCommand(listCommand())
    .addCommand(useCommand())
    .addCommand(showCommand())
    .addCommand(deleteCommand())
}

function listCommand(): Command {
  return new Command('list')
    .description('List all profiles; the one in use is marked.')
    .option('--json', 'print JSON for programs')
    .action(({ json }: JsonOption) => {
      const profiles = readProfiles()
      const used = process.env.WEFT_PROFILE || profiles.current
      const items = Object.entries(profiles.profiles).map(([name, profile]) =>
        view(name, profile, name === used),
      )
      const row = ({ name, inUse, url, project, signedIn }: View) => [
        inUse ? '*' : '',
        name,
        signedIn ? 'yes' : 'no',
        orDash(project),
        url,
      ]
      print(json, { items }, () => table(['', 'name', 'signed in', 'project', 'url'], items.map(row)))
    })
}

function useCommand(): Command {
  return new Command('use')
    .description('Use a profile from now on, where nothing else is said.')
    .argument('<name>', "as 'weft profile list' shows it")
    .action((name: string) => {
      const profiles = readProfiles()
      findProfile(profiles, name)
      writeProfiles({ ...profiles, current: name })
    })
}

function showCommand(): Command {
  return new Command('show')
    .description('Show a profile, without its token.')
    .argument('[name]', 'the one in use, unless another is named')
    .option('--json', 'print JSON for programs')
    .action((given: string | undefined, { json }: JsonOption) => {
      const profiles = readProfiles()
      const name = usedProfile(profiles, given)
      const shown = view(name, findProfile(profiles, name), name === profiles.current)
      const { inUse, signedIn, project, ...rest } = shown
      const answers = { 'in use': yesOrNo(inUse), 'signed in': yesOrNo(signedIn), project: orDash(project) }
      print(json, shown, () => fields({ ...rest, ...answers }))
    })
}

function deleteCommand(): Command {
  return new Command('delete')
    .description("Delete a profile. Its session is not ended by that: 'weft logout' first.")
    .argument('<name>', "as 'weft profile list' shows it")
    .action((name: string) => {
      const profiles = readProfiles()
      findProfile(profiles, name)
      const rest = Object.fromEntries(Object.entries(profiles.profiles).filter(([one]) => one !== name))
      const { current } = profiles
      writeProfiles({ ...(current !== undefined && current !== name && { current }), profiles: rest })
    })
}

interface View {
  readonly name: string
  readonly url: string
  readonly project: string | null
  readonly inUse: boolean
  readonly signedIn: boolean
}

function view(name: string, { url, project, token }: Profile, inUse: boolean): View {
  return { name, url, project: project ?? null, inUse, signedIn: token !== undefined }
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
