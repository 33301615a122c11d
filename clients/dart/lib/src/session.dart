import 'http.dart';
import 'storage.dart';
import 'types.dart';

/// The tokens of a login, shared by all clients that share a storage.
class Session implements Bearer {
  Session(this._http, this._storage);

  final Http _http;
  final Storage _storage;
  User? user;

  /// Raised when the login is over.
  void Function() onEnd = () {};
  Json? _tokens;

  /// Whether the storage took what is held: else what stands there says nothing of it.
  bool _isKept = true;
  Future<String>? _renewing;

  @override
  String? get token => _tokens?['access_token'] as String?;

  Future<void> load() async {
    _take(await _stored());
  }

  Future<User> login(String username, String password, [String? device]) async {
    final form = <String, String>{'username': username, 'password': password};
    if (device != null) {
      form['device_name'] = device;
    }
    final tokens = await _ask(form, 4);
    final reply = await _http.plain('GET', '/users/me', const Call(tries: 4), tokens['access_token'] as String);
    final user = User(reply.object);
    if (this.user?.id != user.id) {
      await end().catchError((Object _) {}); // the storage may fail, and the login is over
    }
    this.user = user;
    await _keep(tokens);
    return user;
  }

  /// Another access token than the one that was refused: that of another client, else a new one.
  @override
  Future<String> renew(String refused) {
    return _renewing ??= _renew(refused).whenComplete(() {
      _renewing = null;
    });
  }

  /// Another client has logged in anew: then the login goes on with its token, or is over where it is another user's.
  Future<bool> adopt(String? refused) async {
    final login = _isKept ? await _stored() : null;
    if (login == null || _tokens == null || (login['tokens'] as Json)['access_token'] == refused) {
      return false;
    }
    if (_idOf(login) != user?.id) {
      await end();
      return false;
    }
    _take(login);
    return true;
  }

  Future<void> end() async {
    if (_tokens == null) {
      return;
    }
    final id = user?.id;
    _tokens = null;
    onEnd();
    if (_idOf(await _stored()) == id) {
      await _storage.remove('session'); // else it is the login of another client
    }
  }

  Future<String> _renew(String refused) async {
    final held = token;
    if (held != null && held != refused) {
      return held;
    }
    if (await adopt(refused)) {
      return token!;
    }
    try {
      final refresh = _tokens?['refresh_token'] as String?;
      if (refresh == null) {
        throw loggedOut();
      }
      final tokens = await _ask(<String, String>{'grant_type': 'refresh_token', 'refresh_token': refresh}, 2);
      if (_tokens?['refresh_token'] != refresh) {
        throw closed(); // the login has ended meanwhile
      }
      await _keep(tokens);
    } on CoteError catch (error) {
      if (error.status != 400 && error.status != 401 && error.status != 403) {
        rethrow;
      }
      if (!await adopt(refused)) {
        // Another client may have been faster; here none was.
        await end();
        rethrow;
      }
    }
    return token!;
  }

  Future<Json> _ask(Map<String, String> form, int tries) async {
    final reply = await _http.plain('POST', '/token', Call(form: form, tries: tries));
    return reply.object;
  }

  Future<void> _keep(Json tokens) async {
    _tokens = tokens;
    try {
      await keep(_storage, 'session', <String, dynamic>{'tokens': tokens, 'user': user}, user?.id);
      _isKept = true;
    } catch (_) {
      _isKept = false; // the login goes on, and ends with this client
    }
  }

  Future<Json?> _stored() async {
    final dynamic login = parsed(await _storage.get('session'));
    return login is Json ? login : null;
  }

  String? _idOf(Json? login) => (login?['user'] as Json?)?['id'] as String?;

  void _take(Json? login) {
    if (login != null) {
      _tokens = login['tokens'] as Json;
      final user = login['user'] as Json?;
      this.user = user == null ? null : User(user);
    }
  }
}
