import { CoteError, read, type Bearer, type Http } from './http.js'
import type { Storage } from './storage.js'
import type { Tokens, User } from './types.js'

export type Locks = Pick<LockManager, 'request'>

interface Login {
  tokens: Tokens
  user: User
}

/** The tokens of a login, shared by all tabs that share a storage. */
export class Session implements Bearer {
  user: User | null = null
  /** Raised when the login is over. */
  onEnd = () => {}
  #tokens?: Tokens
  #renewing?: Promise<string>

  constructor(
    private readonly http: Http, private readonly storage: Storage, private readonly locks: Locks | undefined) {}

  token(): string | undefined {
    return this.#tokens?.access_token
  }

  async load(): Promise<void> {
    const login = await this.#stored()
    if (login)
      [this.#tokens, this.user] = [login.tokens, login.user]
  }

  async login(username: string, password: string, device?: string): Promise<User> {
    const form = { username, password, ...device && { device_name: device } }
    const tokens = await this.#ask(form, 4)
    this.user = read<User>(await this.http.plain('GET', '/users/me', { tries: 4 }, tokens.access_token))
    await this.#keep(tokens)
    return this.user
  }

  /** Another access token than the one that was refused: that of another tab, else a new one. */
  renew(refused: string): Promise<string> {
    return this.#renewing ??= this.#locked(() => this.#renew(refused)).finally(() => this.#renewing = undefined)
  }

  /** Another tab has logged in anew: then the login goes on with its token. */
  async adopt(refused: string | undefined): Promise<boolean> {
    const login = await this.#stored()
    if (!login || login.tokens.access_token === refused)
      return false
    ;[this.#tokens, this.user] = [login.tokens, login.user]
    return true
  }

  async end(): Promise<void> {
    if (!this.#tokens)
      return
    this.#tokens = undefined
    await this.storage.remove('session')
    this.onEnd()
  }

  async #renew(refused: string): Promise<string> {
    if (this.token() !== refused && this.token() || await this.adopt(refused))
      return this.token()!
    const refresh_token = this.#tokens?.refresh_token
    try {
      if (!refresh_token)
        throw new CoteError(401, 'not_authenticated', 'You are not logged in.')
      await this.#keep(await this.#ask({ grant_type: 'refresh_token', refresh_token }, 2))
    } catch (error) {
      if (!(error instanceof CoteError) || ![400, 401, 403].includes(error.status))
        throw error
      if (!await this.adopt(refused)) { // without locks another tab may have been faster
        await this.end()
        throw error
      }
    }
    return this.token()!
  }

  async #ask(form: Record<string, string>, tries: number): Promise<Tokens> {
    return read(await this.http.plain('POST', '/token', { body: new URLSearchParams(form), tries }))
  }

  async #keep(tokens: Tokens): Promise<void> {
    this.#tokens = tokens
    await this.storage.set('session', JSON.stringify({ tokens, user: this.user }))
  }

  async #stored(): Promise<Login | undefined> {
    const text = await this.storage.get('session')
    return text ? JSON.parse(text) as Login : undefined
  }

  #locked<T>(act: () => Promise<T>): Promise<T> {
    return this.locks ? this.locks.request('cote-session', act) as Promise<T> : act()
  }
}
