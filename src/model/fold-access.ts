import { type EventOf, known } from './fold.ts'
import type { State } from './state.ts'

export function createProject(state: State, { id, name, at: createdAt }: EventOf<'project-created'>): State {
  return {
    ...state,
    projects: state.projects.set(id, { id, name, createdAt }),
    projectsByName: state.projectsByName.set(name, id),
  }
}

/** What it owned, and what was shared with it, was taken away by events before this one. */
export function deleteProject(state: State, { id }: EventOf<'project-deleted'>): State {
  const project = known(state.projects.get(id), id)
  return {
    ...state,
    projects: state.projects.delete(id),
    projectsByName: state.projectsByName.delete(project.name),
  }
}

export function addApiToken(state: State, event: EventOf<'api-token-created'>): State {
  const { type: _, at: createdAt, project, scopes, expiresAt, person, ...given } = event
  const token = { ...given, project, scopes, expiresAt, person, createdAt }
  return {
    ...state,
    apiTokens: state.apiTokens.set(token.id, token),
    apiTokensByHash: state.apiTokensByHash.set(token.hash, token.id),
  }
}

export function revokeApiToken(state: State, { id }: EventOf<'api-token-revoked'>): State {
  const token = known(state.apiTokens.get(id), id)
  return {
    ...state,
    apiTokens: state.apiTokens.delete(id),
    apiTokensByHash: state.apiTokensByHash.delete(token.hash),
  }
}

export function addJoinToken(state: State, event: EventOf<'join-token-created'>): State {
  const { type: _, at: createdAt, ...token } = event
  return {
    ...state,
    joinTokens: state.joinTokens.set(token.id, { ...token, createdAt }),
    joinTokensByHash: state.joinTokensByHash.set(token.hash, token.id),
  }
}

export function revokeJoinToken(state: State, { id }: EventOf<'join-token-revoked'>): State {
  const token = known(state.joinTokens.get(id), id)
  return {
    ...state,
    joinTokens: state.joinTokens.delete(id),
    joinTokensByHash: state.joinTokensByHash.delete(token.hash),
  }
}

export function useJoinToken(state: State, { id }: EventOf<'join-token-used'>): State {
  const token = known(state.joinTokens.get(id), id)
  return { ...state, joinTokens: state.joinTokens.set(id, { ...token, uses: token.uses - 1 }) }
}
