import { closed, CoteError, loggedOut, read, type Bearer, type Http } from './http.js'
import { keep, parsed, type Storage } from './storage.js'
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
  /** Whether the storage took what is held: else what stands there says nothing of it. */
  #isKept = true
  #renewing?: Promise<string>

  constructor(
    private readonly http: Http, private readonly storage: Storage, private readonly locks: Locks | undefined) {}

  token(): string | undefined {
    return this.#tokens?.access_token
  }

  async load(): Promise<void> {
    const login = await this.#stored()
    if (login)
      [this.#tokens, this.user, this.#isKept] = [login.tokens, login.user, true]
  }

  async login(username: string, password: string, device?: string): Promise<User> {
    const form = { username, password, ...device && { device_name: device } }
    const tokens = await this.#ask(form, 4)
    const user = read<User>(await this.http.plain('GET', '/users/me', { tries: 4 }, tokens.access_token))
    if (this.user?.id !== user.id)
      await this.end().catch(() => {})
    this.user = user
    await this.#keep(tokens)
    return user
  }

  /** Another access token than the one that was refused: that of another tab, else a new one. */
  renew(refused: string): Promise<string> {
    return this.#renewing ??= this.#locked(() => this.#renew(refused)).finally(() => this.#renewing = undefined)
  }

  /** Another tab has logged in anew: then the login goes on with its token, or is over where it is another user's. */
  async adopt(refused: string | undefined): Promise<boolean> {
    const login = this.#isKept ? await this.#stored() : undefined
    if (!login || !this.#tokens || login.tokens.access_token === refused)
      return false
    if (login.user.id !== this.user?.id) {
      await this.end()
      return false
    }
    ;[this.#tokens, this.user] = [login.tokens, login.user]
    return true
  }

  async end(): Promise<void> {
    if (!this.#tokens)
      return
    const id = this.user?.id
    this.#tokens = undefined
    this.onEnd()
    if ((await this.#stored())?.user.id === id) // else it is the login of another tab
      await this.storage.remove('session')
  }

  async #renew(refused: string): Promise<string> {
    if (this.token() !== refused && this.token() || await this.adopt(refused))
      return this.token()!
    const refresh_token = this.#tokens?.refresh_token
    try {
      if (!refresh_token)
        throw loggedOut()
      const tokens = await this.#ask({ grant_type: 'refresh_token', refresh_token }, 2)
      if (this.#tokens?.refresh_token !== refresh_token) // the login has ended meanwhile
        throw closed()
      await this.#keep(tokens)
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
    this.#isKept = await keep(this.storage, 'session', { tokens, user: this.user }, this.user?.id)
      .then(() => true, () => false) // then the login goes on, and ends with this client
  }

  async #stored(): Promise<Login | undefined> {
    return parsed<Login>(await this.storage.get('session'))
  }

  #locked<T>(act: () => Promise<T>): Promise<T> {
    return this.locks ? this.locks.request('cote-session', act) as Promise<T> : act()
  }
}
