import 'dart:async';
import 'dart:convert';

import 'package:cote_client/src/http.dart';
import 'package:cote_client/src/outbox.dart';
import 'package:cote_client/src/storage.dart';
import 'package:cote_client/src/types.dart';
import 'package:test/test.dart';

import 'server.dart';

class Login implements Bearer {
  @override
  String? get token => 'access';

  @override
  Future<String> renew(String refused) async => 'access';
}

Entry entry(String id, {String chatId = 'c', String? parentId}) => Entry(
      id: id,
      chatId: chatId,
      path: '/chats/$chatId/messages/',
      body: <String, dynamic>{'id': id, 'content': 'Text $id', if (parentId != null) 'parent_id': parentId},
    );

/// Waits until it holds; the time limit of the test is its deadline.
Future<void> until(bool Function() holds) async {
  while (!holds()) {
    await Future<void>.delayed(Duration.zero);
  }
}

void main() {
  late Server server;
  late MemoryStorage storage;
  late Outbox outbox;

  Outbox fresh() => Outbox(server.web, storage);

  List<dynamic> stored() => jsonDecode(storage.get('outbox:u') ?? '[]') as List<dynamic>;

  setUp(() async {
    server = Server();
    server.web.bearer = Login();
    storage = MemoryStorage();
    outbox = fresh();
    await outbox.load('u');
    outbox.start();
  });

  tearDown(() => outbox.close());

  test('what was cut is sent again with the same id, and is stored until it is answered', () async {
    final done = outbox.add(entry('1'));
    final first = await server.next();
    expect(stored(), hasLength(1));
    first.cut();
    final second = await server.next();
    expect(second.body, first.body);
    second.answer(<String, dynamic>{'id': '1'});
    expect(await done, <String, dynamic>{'id': '1'});
    expect(outbox.entries, isEmpty);
    await until(() => stored().isEmpty);
  });

  test('the messages of one chat follow one another, those of another do not wait for them', () async {
    outbox.add(entry('1')).ignore();
    outbox.add(entry('2')).ignore();
    outbox.add(entry('3', chatId: 'd')).ignore();
    final asked = <Asked>[await server.next(), await server.next()];
    expect(asked.map((x) => x.body['id']).toSet(), <dynamic>{'1', '3'});
    asked.firstWhere((x) => x.body['id'] == '1').answer(<String, dynamic>{});
    final last = await server.next();
    expect(last.body['id'], '2');
  });

  test('what was stored is sent by the next process', () async {
    outbox.close();
    outbox.add(entry('1')).ignore();
    await until(() => stored().isNotEmpty);
    final next = fresh();
    addTearDown(next.close);
    await next.load('u');
    next.start();
    final asked = await server.next();
    expect(asked.body['id'], '1');
  });

  test('a refusal completes with an error and stays as failed, until it is retried', () async {
    final refused = expectLater(
      outbox.add(entry('1')),
      throwsA(isA<CoteError>().having((x) => x.status, 'status', 413)),
    );
    (await server.next()).refuse(413, 'message_too_long');
    await refused;
    expect(outbox.entries.single.isFailed, isTrue);
    expect(outbox.entries.single.error?.code, 'message_too_long');
    final done = outbox.retry('1');
    (await server.next()).answer(<String, dynamic>{'id': '1'});
    await done;
    expect(outbox.entries, isEmpty);
  });

  test('a parent that is gone is not named again', () async {
    final done = outbox.add(entry('1', parentId: 'gone'));
    (await server.next()).answer(<String, dynamic>{
      'code': 'validation_error',
      'detail': <dynamic>[
        <String, dynamic>{'loc': <dynamic>['body', 'parent_id'], 'msg': 'It is no message of this chat.'},
      ],
    }, 422);
    final again = await server.next();
    expect(again.body, <String, dynamic>{'id': '1', 'content': 'Text 1'});
    again.answer(<String, dynamic>{});
    await done;
  });

  test('a page of the network on the way is no answer', () async {
    final done = outbox.add(entry('1'));
    final first = await server.next();
    first.page();
    final second = await server.next();
    second.answer(<String, dynamic>{'id': '1'});
    await done;
    expect(outbox.entries, isEmpty);
  });

  test('what waits at the end of a login is given up, and stays stored for its user', () async {
    final done = expectLater(
      outbox.add(entry('1')),
      throwsA(isA<CoteError>().having((x) => x.code, 'code', 'closed')),
    );
    await server.next();
    outbox.end();
    await done;
    await expectLater(outbox.add(entry('2')), throwsA(isA<CoteError>().having((x) => x.status, 'status', 401)));
    expect(stored(), hasLength(1));
  });

  test('a message that is added or retried twice is one', () async {
    final done = <Future<Json>>[outbox.add(entry('1')), outbox.add(entry('1')), outbox.retry('1')];
    expect(outbox.entries, hasLength(1));
    (await server.next()).answer(<String, dynamic>{'id': '1'});
    expect(await Future.wait(done), hasLength(3));
  });

  test('a dismissed message is gone', () async {
    outbox.close();
    final done = expectLater(
      outbox.add(entry('1')),
      throwsA(isA<CoteError>().having((x) => x.code, 'code', 'dismissed')),
    );
    outbox.dismiss('1');
    await done;
    expect(outbox.entries, isEmpty);
  });
}
