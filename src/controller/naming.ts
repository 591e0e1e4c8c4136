import type { State } from '../model/state.ts'

/** Who acts from outside a project, as seen from within. */
export const OTHERS = 'another project'

/** What a node, network, project, API token or webhook is called in this state. */
export function nameIn(state: State, id: string): string | undefined {
  const { nodes, networks, projects, apiTokens, webhooks } = state
  const find = (map: { get(key: string): { readonly name: string } | undefined }) => map.get(id)?.name
  return find(nodes) ?? find(networks) ?? find(projects) ?? find(apiTokens) ?? find(webhooks)
}
