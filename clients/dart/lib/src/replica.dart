import 'dart:math';

import 'replies.dart';
import 'types.dart';

enum WantKind { sync, chat, messages }

/// What the replica lacks: the whole state, one chat's row, or messages of a chat.
class Want {
  const Want.sync()
      : kind = WantKind.sync,
        chatId = '',
        after = null;

  const Want.chat(this.chatId)
      : kind = WantKind.chat,
        after = null;

  /// Messages above [after]; of `null`, the newest page.
  const Want.messages(this.chatId, this.after) : kind = WantKind.messages;

  final WantKind kind;
  final String chatId;
  final int? after;
}

/// How far the messages of a chat are held.
class Place {
  const Place(this.floor, this.edition);

  /// What is at or below this `seq` was not fetched.
  final int floor;

  /// How often messages went or moved.
  final int edition;
}

class _Fetch {
  _Fetch(this.after);

  final int? after;

  /// The frames that came since it began.
  final List<Frame> log = <Frame>[];
}

/// What is known of the messages of one chat.
class _Shown {
  _Shown({this.items = const <Message>[], this.floor = 0, this.isOpened = true, this.isLoaded = false});

  /// Questions and ended replies of the active path above `floor`, by `seq`.
  List<Message> items;
  int floor;

  /// Whether it is to be fetched again by itself.
  bool isOpened;
  bool isLoaded;
  bool isWanted = false;

  /// Where it is wanted: above which `seq`; of `null`, the newest page.
  int? after;
  _Fetch? fetch;
  int edition = 0;
  List<Message>? view;
}

enum _Sync { no, wanted, underWay }

/// What a device knows: chats, messages of the active paths, and the cursor. Frames, and answers to what it wants, lead
/// from one state to the next; it does no I/O and reads no clock.
class Replica {
  String? cursor;

  Map<String, Chat> _rows = <String, Chat>{};
  List<Chat>? _list;
  final Map<String, _Shown> _shown = <String, _Shown>{};

  /// Whose messages are being fetched, one fetch a chat: what was shown may be let go, and opened anew, meanwhile.
  final Map<String, _Shown> _fetching = <String, _Shown>{};
  final Replies _replies = Replies();
  final Set<String> _wantedRows = <String>{};
  final Set<String> _fetchedRows = <String>{};
  _Sync _sync = _Sync.wanted;

  /// Frames that came while a sync was wanted.
  List<Frame> _kept = <Frame>[];

  /// Chats that were deleted: an answer of before does not bring them back.
  final Set<String> _gone = <String>{};

  /// All chats, newest activity first.
  List<Chat> get chats => _list ??=
      List<Chat>.unmodifiable(_rows.values.toList()..sort((a, b) => b.activity.compareTo(a.activity)));

  Chat? chat(String id) => _rows[id];

  /// Whether it waits for the whole state.
  bool get needsSync => _sync != _Sync.no;

  /// Whether the messages of a chat are held as far as events have told.
  bool isCurrent(String chatId) {
    final shown = _shown[chatId];
    return shown != null && shown.isLoaded && !shown.isWanted && shown.fetch == null && !needsSync;
  }

  /// The chats whose messages are held, those that were opened last at the end.
  List<String> get held => <String>[
        for (final entry in _shown.entries)
          if (entry.value.isLoaded) entry.key,
      ];

  bool messagesAreHeld(String chatId) => _shown[chatId]?.isLoaded ?? false;

  bool isLoading(String chatId) {
    final shown = _shown[chatId];
    return shown != null && !shown.isLoaded && (shown.isWanted || shown.fetch != null);
  }

  /// Whether there are messages before the first that is held.
  bool hasMore(String chatId) => (_shown[chatId]?.floor ?? 0) > 0;

  Place? place(String chatId) {
    final shown = _shown[chatId];
    return shown == null ? null : Place(shown.floor, shown.edition);
  }

  /// The active path, by `seq`, with the open replies on it.
  List<Message> messages(String chatId) {
    final shown = _shown[chatId];
    if (shown == null) {
      return const <Message>[];
    }
    return shown.view ??= List<Message>.unmodifiable(_path(chatId, shown));
  }

  // An open reply is on the path where it is the leaf or something follows it there.
  List<Message> _path(String chatId, _Shown shown) {
    final followed = shown.items.map((x) => x.parentId).toSet();
    final leaf = _rows[chatId]?.leafId;
    final all = List<Message>.of(shown.items);
    for (final reply in _replies.of(chatId)) {
      if (reply.seq > shown.floor && (reply.id == leaf || followed.contains(reply.id))) {
        all.insert(all.lastIndexWhere((x) => x.seq <= reply.seq) + 1, reply);
      }
    }
    final ids = all.map((x) => x.id).toSet();
    // A frame that was written before a deletion names the parent of then.
    return <Message>[
      for (var at = 0; at < all.length; at++)
        _following(all[at], at == 0 ? null : all[at - 1], ids, isCut: at == 0 && shown.floor > 0),
    ];
  }

  Message _following(Message message, Message? before, Set<String> ids, {required bool isCut}) {
    final replyId = before?.replyId;
    if (isCut ||
        ids.contains(message.parentId) ||
        (replyId != null && replyId == message.parentId) ||
        (message.parentId == before?.id && message.json.containsKey('parent_id'))) {
      return message;
    }
    return altered(message, <String, dynamic>{'parent_id': before?.id});
  }

  /// What is to be fetched, and not being fetched yet.
  List<Want> wanted() {
    if (_sync != _Sync.no) {
      return <Want>[if (_sync == _Sync.wanted) const Want.sync()];
    }
    return <Want>[
      for (final id in _wantedRows)
        if (!_fetchedRows.contains(id)) Want.chat(id),
      for (final entry in _shown.entries)
        if (entry.value.isWanted && !_fetching.containsKey(entry.key)) Want.messages(entry.key, entry.value.after),
    ];
  }

  /// A fetch begins: from now on frames are kept, to be applied again to its answer.
  void begin(Want want) {
    switch (want.kind) {
      case WantKind.sync:
        _sync = _Sync.underWay;
        break;
      case WantKind.chat:
        _wantedRows.remove(want.chatId);
        _fetchedRows.add(want.chatId);
        break;
      case WantKind.messages:
        final shown = _shown[want.chatId];
        if (shown != null) {
          shown.fetch = _Fetch(want.after);
          shown.isWanted = false;
          _fetching[want.chatId] = shown;
        }
        break;
    }
  }

  /// A fetch got no answer: it is wanted again. Where the thing itself is gone, it is not.
  void failed(Want want, {bool isGone = false}) {
    switch (want.kind) {
      case WantKind.sync:
        _sync = _Sync.wanted;
        break;
      case WantKind.chat:
        _fetchedRows.remove(want.chatId);
        if (!isGone) {
          _wantedRows.add(want.chatId);
        }
        break;
      case WantKind.messages:
        final shown = _end(want.chatId);
        if (shown != null && !isGone) {
          _want(shown, want.after);
        }
        break;
    }
  }

  /// Messages of this chat are wanted, and kept current from now on.
  void open(String chatId) {
    final shown = _shown.remove(chatId) ?? _Shown();
    shown.isOpened = true;
    if (!shown.isLoaded && shown.fetch == null) {
      shown.isWanted = true;
      shown.after = null;
    }
    _shown[chatId] = shown; // to the end
    for (final entry in _shown.entries.toList()) {
      if (_shown.length > 20 && entry.value.isLoaded && entry.key != chatId) {
        _shown.remove(entry.key);
      }
    }
  }

  /// The whole state is wanted: the server refuses the cursor.
  void needSync() {
    if (_sync == _Sync.no) {
      _sync = _Sync.wanted;
    }
  }

  void apply(Frame frame) {
    if (_sync != _Sync.no) {
      _kept.add(frame);
      return;
    }
    if (frame.type == 'reset') {
      needSync();
      return;
    }
    final its = _Cursor.of(frame.cursor);
    if (its != null) {
      final own = _Cursor.of(cursor);
      if (own == null || own.epoch != its.epoch || its.number > own.number + 1) {
        needSync();
        _kept.add(frame);
        return;
      }
      if (its.number <= own.number) {
        _replies.close(frame);
        return;
      }
      cursor = frame.cursor;
      _row(frame, its.number);
    }
    _shown[_chatOf(frame)]?.fetch?.log.add(frame);
    _effect(frame);
  }

  /// The answer of `GET /sync`.
  void sync(Json answer) {
    final old = _Cursor.of(cursor);
    final now = _Cursor.of(answer['cursor'] as String)!;
    final isOther = old == null || old.epoch != now.epoch || old.number > now.number;
    final known = old?.number ?? 0;
    _wantedRows.clear();
    _rows = <String, Chat>{
      for (final x in objects(answer['chats'])) x['id'] as String: Chat(x),
    };
    _list = null;
    _replies.sync(objects(answer['running']));
    for (final entry in _shown.entries.toList()) {
      final shown = entry.value;
      final row = _rows[entry.key];
      final isStale = row == null || isOther || row.changed > known;
      shown.view = null;
      if ((row == null && shown.isLoaded) || (!shown.isOpened && isStale)) {
        _shown.remove(entry.key);
      } else if (row != null && isStale && (shown.isLoaded || shown.fetch != null)) {
        // An answer under way may be of before.
        shown.edition++;
        _want(shown, isOther || !shown.isLoaded ? null : shown.floor);
      }
    }
    cursor = answer['cursor'] as String;
    _sync = _Sync.no;
    final kept = _kept;
    _kept = <Frame>[];
    for (final frame in kept) {
      final isReset = frame.type == 'reset';
      final of = _Cursor.of(isReset ? frame.data['cursor'] as String? : frame.cursor);
      if (of != null && isReset == (of.epoch == now.epoch)) {
        _replies.close(frame); // it is older than the answer
      } else {
        apply(frame);
      }
    }
  }

  /// The answer of `GET /chats/{id}`.
  void row(Chat chat) {
    _fetchedRows.remove(chat.id);
    final old = _rows[chat.id];
    if (old == null) {
      return;
    }
    if (old.changed > chat.changed) {
      _wantedRows.add(chat.id); // it was read before what has come since
      return;
    }
    _rows[chat.id] = chat;
    _changed(chat.id);
  }

  /// The answer of `GET …/messages/`, with all its pages; [more] says that there are older ones.
  void fetched(String chatId, int? after, List<Message> items, {bool more = false}) {
    final fetch = _fetching[chatId]?.fetch;
    final shown = _end(chatId);
    if (shown == null || fetch == null) {
      return;
    }
    final known = <String, Message>{for (final x in shown.items) x.id: x};
    if (after == null) {
      shown.items = const <Message>[];
      shown.floor = more && items.isNotEmpty ? items.first.seq - 1 : 0;
      shown.edition++;
    } else {
      shown.items = shown.items.where((x) => x.seq <= after).toList();
    }
    for (final item in items) {
      final ended = item.isOpen ? known[item.id] : null; // it has ended since
      _put(shown, ended ?? item);
    }
    shown.isLoaded = true;
    _changed(chatId);
    fetch.log.forEach(_effect);
  }

  // A fetch has ended: whose answer it is, unless that was let go.
  _Shown? _end(String chatId) {
    final shown = _fetching.remove(chatId);
    if (shown == null || shown.fetch == null) {
      return null;
    }
    shown.fetch = null;
    return identical(_shown[chatId], shown) ? shown : null;
  }

  /// The page before the messages that are held, unless something went in the meantime: then false.
  bool older(String chatId, Place place, List<Message> items, {required bool more}) {
    final shown = _shown[chatId];
    if (shown == null || shown.floor != place.floor || shown.edition != place.edition) {
      return false;
    }
    shown.floor = more && items.isNotEmpty ? items.first.seq - 1 : 0;
    for (final item in items) {
      _put(shown, item);
    }
    _changed(chatId);
    return true;
  }

  /// What answers a write of one's own, unless its event has come already.
  void putChat(Chat chat) {
    final old = _rows[chat.id];
    if (old == null ? !_gone.contains(chat.id) : old.changed < chat.changed) {
      _rows[chat.id] = chat;
    }
    _changed(chat.id);
  }

  void putMessage(Message message) {
    final row = _rows[message.chatId];
    if (row != null && message.seq <= row.lastSeq) {
      return;
    }
    final frame = Frame(<String, dynamic>{'type': 'message', 'data': message.json});
    _row(frame);
    _effect(frame);
  }

  /// All that another replica needs to go on from here; of each of these chats at most so many messages.
  Json save(Iterable<String> chatIds, [int? most]) {
    final wants = <Json>[
      for (final id in _wantedRows) <String, dynamic>{'chat': id},
      for (final id in _fetchedRows) <String, dynamic>{'chat': id},
    ];
    final messages = <String, dynamic>{};
    for (final id in chatIds) {
      final shown = _shown[id]!;
      final fetch = shown.fetch;
      var items = shown.items;
      var floor = shown.floor;
      if (most != null && items.length > most) {
        items = items.sublist(items.length - most);
        floor = items.first.seq - 1;
      }
      messages[id] = <String, dynamic>{'items': items, 'floor': floor};
      if (shown.isWanted) {
        wants.add(<String, dynamic>{'chat_id': id, 'after': shown.after});
      }
      if (fetch != null) {
        wants.add(<String, dynamic>{'chat_id': id, 'after': fetch.after});
      }
    }
    return <String, dynamic>{
      'cursor': cursor,
      'chats': _rows.values.toList(),
      'messages': messages,
      'open': _replies.all,
      'wants': wants,
    };
  }

  void load(Json saved) {
    cursor = saved['cursor'] as String?;
    _sync = _Sync.no;
    _rows = <String, Chat>{for (final x in objects(saved['chats'])) x['id'] as String: Chat(x)};
    _list = null;
    _replies.load(objects(saved['open']).map((x) => Message(x)).toList());
    for (final entry in (saved['messages'] as Json).entries) {
      final held = entry.value as Json;
      _shown[entry.key] = _Shown(
        items: objects(held['items']).map((x) => Message(x)).toList(),
        floor: integer(held['floor']),
        isOpened: _shown[entry.key]?.isOpened ?? false,
        isLoaded: true,
      );
    }
    for (final want in objects(saved['wants'])) {
      final chat = want['chat'] as String?;
      if (chat != null) {
        _wantedRows.add(chat);
      } else {
        _want(_shown[want['chat_id'] as String]!, want['after'] as int?);
      }
    }
  }

  // What an event says of its chat.
  void _row(Frame frame, [int? number]) {
    if (frame.type == 'chat.created' || frame.type == 'chat.updated') {
      _rows[frame.data['id'] as String] = Chat(frame.data);
      _list = null;
      return;
    }
    final id = _chatOf(frame);
    if (frame.type == 'chat.deleted') {
      _rows.remove(id);
      _list = null;
      return;
    }
    final old = _rows[id];
    if (old == null) {
      return;
    }
    final json = <String, dynamic>{...old.json, 'changed': max(old.changed, number ?? 0)};
    if (frame.type == 'message') {
      final message = Message(frame.data);
      final replyId = message.replyId;
      final last = replyId == null ? message.seq : message.seq + 1;
      json['last_message_time'] = message.timestamp;
      json['activity'] = number ?? max(0, chats.first.activity) + 1; // the answer to a send comes before its event
      if (!message.isOffPath && (message.isUser || message.content.isNotEmpty)) {
        json['last_message_content'] = _excerpt(message.content);
      }
      if (!message.isOffPath && replyId != null && last >= old.lastSeq) {
        json['leaf_id'] = replyId;
      }
      json['last_seq'] = max(old.lastSeq, last);
    } else if (frame.type == 'chat.path') {
      json['leaf_id'] = frame.data['leaf_id'];
      json['last_message_content'] = frame.data['last_message_content'];
    } else if (frame.type == 'message.deleted') {
      _wantedRows.add(id);
    }
    _rows[id] = Chat(json);
    _changed(id);
  }

  // What a frame says of messages.
  void _effect(Frame frame) {
    final id = _chatOf(frame);
    final shown = _shown[id];
    shown?.view = null;
    switch (frame.type) {
      case 'message':
        final message = Message(frame.data);
        if (shown != null) {
          _put(shown, message);
        } else if (!message.isOpen) {
          _replies.drop(message.id);
        }
        break;
      case 'message.deleted':
        _delete(id, frame.data['message_id'] as String);
        break;
      case 'message.status':
        final status = frame.data['status'] as String;
        _change(
          id,
          frame.data['message_id'] as String,
          (x) => _rank(x.status) < _rank(status) ? altered(x, <String, dynamic>{'status': status}) : x,
        );
        break;
      case 'message.feedback':
        final dynamic feedback = frame.data['feedback'];
        _change(id, frame.data['message_id'] as String, (x) {
          final json = <String, dynamic>{...x.json, 'feedback': feedback};
          if (feedback == null) {
            json.remove('feedback');
          }
          return Message(json);
        });
        break;
      case 'chat.created':
        if (shown != null && shown.isOpened && !shown.isLoaded) {
          _want(shown, null);
        }
        break;
      case 'chat.deleted':
        _gone.add(id);
        _shown.remove(id);
        _wantedRows.remove(id);
        _replies.dropAll(id);
        break;
      case 'chat.path':
        if (shown != null) {
          _cut(id, shown, integer(frame.data['after_seq']));
        }
        break;
      default:
        _replies.apply(frame, shown?.items, _rows[id]?.lastMessageTime);
        break;
    }
  }

  // Another path is active above a place.
  void _cut(String chatId, _Shown shown, int after) {
    shown.edition++;
    if (!shown.isOpened) {
      _shown.remove(chatId);
    } else if (shown.isLoaded) {
      shown.items = shown.items.where((x) => x.seq <= after).toList();
      _want(shown, after);
    }
  }

  // Of several fetches the lowest, which is the whole.
  void _want(_Shown shown, int? after) {
    final old = shown.after;
    final fresh = after != null && after < shown.floor ? null : after;
    if (!shown.isWanted) {
      shown.after = fresh;
    } else if (old == null || fresh == null) {
      shown.after = null;
    } else {
      shown.after = min(old, fresh);
    }
    shown.isWanted = true;
  }

  void _put(_Shown shown, Message message) {
    if (message.isOpen) {
      _replies.merge(message);
      return;
    }
    _replies.drop(message.id);
    final items = List<Message>.of(shown.items);
    final at = items.indexWhere((x) => x.id == message.id);
    if (message.seq <= shown.floor) {
      shown.edition++; // an older page that is under way may have it as it was
    }
    if (message.isOffPath || message.seq <= shown.floor) {
      if (at >= 0) {
        items.removeAt(at);
      }
    } else if (at >= 0) {
      items[at] = message;
    } else {
      items.insert(items.lastIndexWhere((x) => x.seq < message.seq) + 1, message);
    }
    shown.items = items;
  }

  // What followed it follows its parent.
  void _delete(String chatId, String id) {
    final shown = _shown[chatId];
    final found = (shown?.items ?? const <Message>[]).where((x) => x.id == id);
    final gone = found.isEmpty ? _replies.get(id) : found.first;
    _replies.drop(id);
    // A queued reply may never have been seen: its parent is its question, which names it.
    final questions = (shown?.items ?? const <Message>[]).where((x) => x.replyId == id);
    final isKnown = gone != null || questions.isNotEmpty;
    final parentId = gone != null ? gone.parentId : (questions.isEmpty ? null : questions.first.id);
    if (isKnown) {
      _replies.follow(id, parentId);
    }
    if (shown == null) {
      return;
    }
    shown.edition++;
    // What a message below the floor followed is not known here: the server says what the oldest follows now.
    if (!isKnown && shown.floor > 0 && shown.items.isNotEmpty && shown.items.first.parentId == id) {
      _want(shown, shown.floor);
    }
    shown.items = <Message>[
      for (final x in shown.items)
        if (x.id != id)
          isKnown && x.parentId == id ? altered(x, <String, dynamic>{'parent_id': parentId}) : x,
    ];
  }

  void _change(String chatId, String id, Message Function(Message message) to) {
    final shown = _shown[chatId];
    final at = shown == null ? -1 : shown.items.indexWhere((x) => x.id == id);
    if (shown != null && at >= 0) {
      shown.items = replaced(shown.items, at, to(shown.items[at]));
    } else {
      _replies.change(id, to);
      if (shown != null) {
        shown.edition++; // as above
      }
    }
  }

  void _changed(String chatId) {
    _shown[chatId]?.view = null;
    _list = null;
  }
}

class _Cursor {
  const _Cursor(this.epoch, this.number);

  final String epoch;
  final int number;

  static _Cursor? of(String? cursor) {
    final at = cursor == null ? -1 : cursor.lastIndexOf('-');
    return cursor == null || at < 0 ? null : _Cursor(cursor.substring(0, at), int.parse(cursor.substring(at + 1)));
  }
}

int _rank(String status) => const <String>['sent', 'delivered', 'read'].indexOf(status);

String _chatOf(Frame frame) => (frame.data['chat_id'] ?? frame.data['id'] ?? '') as String;

/// The first 500 UTF-16 units; one less where the cut would split a pair.
String _excerpt(String text) {
  if (text.length <= 500) {
    return text;
  }
  final unit = text.codeUnitAt(499);
  return text.substring(0, unit >= 0xD800 && unit <= 0xDBFF ? 499 : 500);
}
