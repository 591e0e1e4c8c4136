import type { State } from '../model/state.ts'

/** Who acts from outside a project, as seen from within. */
export const OTHERS = 'another project'

/** What a node, network, project or API token is called in this state. */
export function nameIn({ nodes, networks, projects, apiTokens }: State, id: string): string | undefined {
  const find = (map: { get(key: string): { readonly name: string } | undefined }) => map.get(id)?.name
  return find(nodes) ?? find(networks) ?? find(projects) ?? find(apiTokens)
}
