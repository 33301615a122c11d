import 'dart:convert';

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

  /// Another client has logged in anew: then the login goes on with its token.
  Future<bool> adopt(String? refused) async {
    final login = await _stored();
    if (login == null || (login['tokens'] as Json)['access_token'] == refused) {
      return false;
    }
    _take(login);
    return true;
  }

  Future<void> end() async {
    if (_tokens == null) {
      return;
    }
    _tokens = null;
    await _storage.remove('session');
    onEnd();
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
        throw const CoteError(401, 'not_authenticated', 'You are not logged in.');
      }
      await _keep(await _ask(<String, String>{'grant_type': 'refresh_token', 'refresh_token': refresh}, 2));
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
    await _storage.set('session', jsonEncode(<String, dynamic>{'tokens': tokens, 'user': user}));
  }

  Future<Json?> _stored() async {
    final text = await _storage.get('session');
    return text == null ? null : jsonDecode(text) as Json;
  }

  void _take(Json? login) {
    if (login != null) {
      _tokens = login['tokens'] as Json;
      final user = login['user'] as Json?;
      this.user = user == null ? null : User(user);
    }
  }
}
