import 'dart:convert';

import 'package:cote_client/src/http.dart';
import 'package:cote_client/src/session.dart';
import 'package:cote_client/src/storage.dart';
import 'package:cote_client/src/types.dart';
import 'package:test/test.dart';

import 'server.dart';

Json tokens(String name) => <String, dynamic>{'access_token': 'access-$name', 'refresh_token': 'refresh-$name'};

Future<MemoryStorage> loggedIn(String name) async {
  final storage = MemoryStorage();
  await login(storage, name);
  return storage;
}

Future<void> login(Storage storage, String name, [String id = 'u']) async {
  final user = <String, dynamic>{'id': id, 'username': 'ada', 'email': 'ada@example.org'};
  await storage.set('session', jsonEncode(<String, dynamic>{'tokens': tokens(name), 'user': user}));
}

void main() {
  late Server server;

  Future<Session> session(Storage storage) async {
    final session = Session(server.web, storage);
    server.web.bearer = session;
    await session.load();
    return session;
  }

  setUp(() => server = Server());

  test('a login is a form, and is stored', () async {
    final storage = MemoryStorage();
    final held = await session(storage);
    final done = held.login('ada', 'correct horse battery', 'phone');
    final asked = await server.next();
    expect(asked.path, '/token');
    expect(asked.request.bodyFields, <String, String>{
      'username': 'ada',
      'password': 'correct horse battery',
      'device_name': 'phone',
    });
    asked.answer(tokens('1'));
    final me = await server.next();
    expect(me.request.headers['Authorization'], 'Bearer access-1');
    me.answer(<String, dynamic>{'id': 'u', 'username': 'ada', 'email': 'ada@example.org'});
    expect((await done).username, 'ada');
    final again = Session(server.web, storage);
    await again.load();
    expect(again.token, 'access-1');
    expect(again.user?.id, 'u');
  });

  test('two refused requests renew the token once', () async {
    await session(await loggedIn('1'));
    final one = server.web.object('GET', '/one');
    final first = await server.next();
    final two = server.web.object('GET', '/two');
    final second = await server.next();
    first.refuse(401, 'not_authenticated');
    second.refuse(401, 'not_authenticated');
    final renewal = await server.next();
    expect(renewal.request.bodyFields, <String, String>{'grant_type': 'refresh_token', 'refresh_token': 'refresh-1'});
    renewal.answer(tokens('2'));
    for (var i = 0; i < 2; i++) {
      final asked = await server.next();
      expect(asked.request.headers['Authorization'], 'Bearer access-2');
      asked.answer(<String, dynamic>{'path': asked.path});
    }
    expect(await one, <String, dynamic>{'path': '/one'});
    expect(await two, <String, dynamic>{'path': '/two'});
  });

  test('the token of another client that shares the storage is taken, and nothing is renewed', () async {
    final storage = await loggedIn('1');
    await session(storage);
    final done = server.web.object('GET', '/one');
    final asked = await server.next();
    await login(storage, 'other');
    asked.refuse(401, 'not_authenticated');
    final again = await server.next();
    expect(again.path, '/one');
    expect(again.request.headers['Authorization'], 'Bearer access-other');
    again.answer(<String, dynamic>{});
    await done;
  });

  test('the login of another user is not taken, and stays stored', () async {
    final storage = await loggedIn('1');
    final held = await session(storage);
    final done = expectLater(server.web.object('GET', '/one'), throwsA(isA<CoteError>()));
    final asked = await server.next();
    await login(storage, 'other', 'v');
    asked.refuse(401, 'not_authenticated');
    await done;
    expect(held.token, isNull);
    expect(storage.get('session'), contains('access-other'));
  });

  test('a refused renewal ends the login', () async {
    final storage = await loggedIn('1');
    final held = await session(storage);
    var ended = 0;
    held.onEnd = () => ended++;
    final done = expectLater(server.web.object('GET', '/one'), throwsA(isA<CoteError>()));
    (await server.next()).refuse(401, 'not_authenticated');
    (await server.next()).refuse(401, 'not_authenticated');
    await done;
    expect(ended, 1);
    expect(held.token, isNull);
    expect(storage.get('session'), isNull);
  });

  test('a renewal that the network takes away ends nothing', () async {
    final held = await session(await loggedIn('1'));
    final done = expectLater(
      server.web.object('POST', '/one'),
      throwsA(isA<CoteError>().having((x) => x.code, 'code', 'network')),
    );
    (await server.next()).refuse(401, 'not_authenticated');
    (await server.next()).cut();
    (await server.next()).cut();
    await done;
    expect(held.token, 'access-1');
  });

  test('the detail of an error is a sentence in every case', () {
    final fields = problem(422, const <String, String>{}, jsonEncode(<String, dynamic>{
          'detail': <dynamic>[
            <String, dynamic>{'loc': <dynamic>['body', 'content'], 'msg': 'Field required'},
          ],
          'code': 'validation_error',
        }));
    expect(fields.detail, 'content: Field required');
    expect(fields.code, 'validation_error');
    final page = problem(502, const <String, String>{'retry-after': '7'}, '<html>');
    expect(page.detail, 'The server answered 502.');
    expect(page.retryAfter, 7);
    expect(page.isPassing, isTrue);
  });
}
