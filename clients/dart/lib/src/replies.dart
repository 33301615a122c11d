import 'dart:math';

import 'types.dart';

enum _Growth { applied, ignored, held }

/// The open replies of all chats, on whatever path: their texts, parts, and what is held back.
class Replies {
  Map<String, Message> _open = <String, Message>{};

  /// The `rev` of each part.
  final Map<String, List<int>> _revs = <String, List<int>>{};

  /// Frames that begin behind what is known.
  final Map<String, List<Frame>> _held = <String, List<Frame>>{};

  List<Message> get all => _open.values.toList();

  List<Message> of(String chatId) => _open.values.where((x) => x.chatId == chatId).toList();

  Message? get(String id) => _open[id];

  void load(List<Message> messages) {
    _open = <String, Message>{for (final x in messages) x.id: x};
  }

  /// All that are open, by `GET /sync`: the others have ended.
  void sync(List<Json> running) {
    final old = _open;
    _open = <String, Message>{};
    for (final reply in running) {
      final id = reply['message_id'] as String;
      final known = old[id];
      if (known != null) {
        _open[id] = known;
      }
      _show(reply, known?.timestamp ?? '');
      change(id, (x) => altered(x, <String, dynamic>{
            'generation': <String, dynamic>{...object(x.generation), ...object(reply['generation'])},
          }));
    }
    for (final id in old.keys) {
      if (!_open.containsKey(id)) {
        drop(id);
      }
    }
  }

  /// An event that is not applied any more still says that its reply is not open.
  void close(Frame frame) {
    if (frame.type == 'message') {
      final message = Message(frame.data);
      if (!message.isOpen) {
        drop(message.id);
      }
    } else if (frame.type == 'message.deleted') {
      drop(frame.data['message_id'] as String);
    } else if (frame.type == 'chat.deleted') {
      dropAll(frame.data['chat_id'] as String);
    }
  }

  void drop(String id) {
    _open.remove(id);
    _revs.remove(id);
    _held.remove(id);
  }

  void dropAll(String chatId) {
    for (final reply in of(chatId)) {
      drop(reply.id);
    }
  }

  void change(String id, Message Function(Message message) to) {
    final reply = _open[id];
    if (reply != null) {
      _open[id] = to(reply);
    }
  }

  /// What followed a deleted message follows its parent.
  void follow(String gone, String? parentId) {
    for (final reply in all) {
      if (reply.parentId == gone) {
        change(reply.id, (x) => altered(x, <String, dynamic>{'parent_id': parentId}));
      }
    }
  }

  /// A fetched message: of the same attempt the longer text stays.
  void merge(Message message) {
    final old = _open[message.id];
    if (old == null || _isNewer(message.attempt, message.content, old.attempt, old.content)) {
      _open[message.id] = message;
      _revs[message.id] = List<int>.filled(message.parts.length, 0);
      _retry(message.id);
      return;
    }
    final json = <String, dynamic>{...message.json};
    for (final name in const <String>['content', 'parts', 'generation']) {
      json.remove(name);
      if (old.json.containsKey(name)) {
        json[name] = old.json[name];
      }
    }
    _open[message.id] = Message(json);
  }

  /// A frame that is about text, parts or the state of a reply; the others are ignored.
  void apply(Frame frame, List<Message>? listed, String? time) {
    final data = frame.data;
    switch (frame.type) {
      case 'message.snapshot':
        final items = listed ?? const <Message>[];
        if (items.any((x) => x.id == data['message_id'])) {
          break; // it has ended
        }
        final questions = items.where((x) => x.id == data['reply_to_id']);
        _show(data, questions.isEmpty ? (time ?? '') : questions.first.timestamp);
        break;
      case 'message.waiting':
        final calls = data['calls'] as List<dynamic>? ?? const <dynamic>[];
        change(data['message_id'] as String, (x) => _withState(x.json, calls.isEmpty ? 'queued' : 'waiting'));
        break;
      case 'message.delta':
      case 'message.part':
      case 'message.part.delta':
        if (_grow(frame) == _Growth.applied) {
          _retry(data['message_id'] as String);
        }
        break;
    }
  }

  // A snapshot, or a running reply of a sync.
  void _show(Json data, String timestamp) {
    final id = data['message_id'] as String;
    final content = data['content'] as String;
    final attempt = integer(data['attempt']);
    final rev = integer(data['rev']);
    final old = _open[id];
    if (old != null) {
      final isOlder = old.attempt == attempt && (_revs[id] ?? const <int>[]).any((x) => x > rev);
      if (isOlder || _isNewer(old.attempt, old.content, attempt, content)) {
        return;
      }
    }
    final parts = data['parts'] as List<dynamic>? ?? const <dynamic>[];
    final fresh = <String, dynamic>{
      'id': id,
      'chat_id': data['chat_id'],
      'type': 'text',
      'sender': 'ai',
      'timestamp': timestamp,
      'status': 'sent',
      'media_urls': <dynamic>[],
      'media': <dynamic>[],
      'reply_to_id': data['reply_to_id'],
      'importance_level': 'normal',
    };
    final json = <String, dynamic>{
      ...(old == null ? fresh : old.json),
      'seq': data['seq'],
      'content': content,
      'parent_id': data['parent_id'],
      'generation': <String, dynamic>{
        'state': 'running',
        ...object(old?.generation),
        'attempt': attempt,
        'model': data['model'],
      },
    };
    if (data['siblings'] != null) {
      json['siblings'] = data['siblings'];
    }
    json.remove('parts');
    if (parts.isNotEmpty) {
      json['parts'] = parts;
    }
    final reply = Message(json);
    _open[id] = reply.state == 'queued' ? _withState(json, 'running') : reply;
    _revs[id] = List<int>.filled(parts.length, rev, growable: true);
    _held.remove(id);
  }

  void _retry(String id) {
    var goesOn = true;
    while (goesOn) {
      goesOn = false;
      for (final frame in _held.remove(id) ?? const <Frame>[]) {
        if (_grow(frame) == _Growth.applied) {
          goesOn = true;
        }
      }
    }
  }

  _Growth _grow(Frame frame) {
    final data = frame.data;
    final id = data['message_id'] as String;
    final attempt = integer(data['attempt']);
    final reply = _open[id];
    if (reply == null || attempt < reply.attempt) {
      return _Growth.ignored;
    }
    final isHigher = attempt > reply.attempt;
    if (frame.type == 'message.delta') {
      return _append(frame, reply, isHigher);
    }
    if (isHigher) {
      return _Growth.ignored;
    }
    final parts = objects(reply.json['parts']);
    final index = integer(data['index']);
    final revs = _revs[id] ?? const <int>[];
    if (index > parts.length || (frame.type == 'message.part.delta' && index == parts.length)) {
      return _hold(frame);
    }
    final Json part;
    if (frame.type == 'message.part') {
      final rev = integer(data['rev']);
      if (index < parts.length && rev <= (index < revs.length ? revs[index] : 0)) {
        return _Growth.ignored;
      }
      part = data['part'] as Json;
      _revs[id] = index < revs.length ? replaced(revs, index, rev) : <int>[...revs, rev];
    } else {
      final old = parts[index];
      final held = old['text'] as String? ?? '';
      final length = old['length'] == null ? held.length : integer(old['length']);
      final offset = integer(data['offset']);
      if (offset > length) {
        return _hold(frame);
      }
      final text = _after(data['text'] as String, length - offset);
      if (text.isEmpty) {
        return _Growth.ignored;
      }
      part = <String, dynamic>{...old, 'length': length + text.length};
      if (held.length == length) {
        part['text'] = held + text;
      }
    }
    final grown = index < parts.length ? replaced(parts, index, part) : <Json>[...parts, part];
    _open[id] = altered(reply, <String, dynamic>{'parts': grown});
    return _Growth.applied;
  }

  _Growth _append(Frame frame, Message reply, bool isHigher) {
    final attempt = integer(frame.data['attempt']);
    final offset = integer(frame.data['offset']);
    final text = frame.data['text'] as String;
    if (offset > (isHigher ? 0 : reply.content.length)) {
      return _hold(frame);
    }
    final json = <String, dynamic>{...reply.json};
    if (isHigher) {
      // What was shown is taken back.
      _revs.remove(reply.id);
      json.remove('parts');
      json['content'] = text;
      json['generation'] = <String, dynamic>{...object(reply.generation), 'attempt': attempt};
      _open[reply.id] = _withState(json, 'running');
      return _Growth.applied;
    }
    final tail = _after(text, reply.content.length - offset);
    if (tail.isEmpty) {
      return _Growth.ignored;
    }
    final content = reply.content + tail;
    json['content'] = content;
    final parts = objects(json['parts']);
    if (parts.isNotEmpty && parts.last['type'] == 'text') {
      final last = <String, dynamic>{...parts.last, 'end': content.length};
      json['parts'] = replaced(parts, parts.length - 1, last);
    }
    _open[reply.id] = _withState(json, 'running');
    return _Growth.applied;
  }

  _Growth _hold(Frame frame) {
    final id = frame.data['message_id'] as String;
    final held = _held[id] ?? const <Frame>[];
    _held[id] = <Frame>[...held.skip(max(0, held.length - 999)), frame];
    return _Growth.held;
  }
}

/// A copy of a message with other fields.
Message altered(Message message, Json changes) => Message(<String, dynamic>{...message.json, ...changes});

/// A copy of a list with another item at one place.
List<T> replaced<T>(List<T> list, int at, T item) {
  final copy = List<T>.of(list);
  copy[at] = item;
  return copy;
}

String _after(String text, int start) => start < text.length ? text.substring(start) : '';

bool _isNewer(int attempt, String content, int otherAttempt, String otherContent) =>
    attempt > otherAttempt || (attempt == otherAttempt && content.length > otherContent.length);

Message _withState(Json json, String state) => Message(<String, dynamic>{
      ...json,
      'generation': <String, dynamic>{...object(json['generation']), 'state': state},
    });
