import 'http.dart';

/// An object of JSON.
typedef Json = Map<String, dynamic>;

/// An object of the server. [json] has all its fields, those without a getter too; it is never changed.
abstract class JsonObject {
  const JsonObject(this.json);

  final Json json;

  Json toJson() => json;

  @override
  String toString() => '$runtimeType $json';
}

class User extends JsonObject {
  const User(super.json);

  String get id => json['id'] as String;
  String get username => json['username'] as String;
  String get email => json['email'] as String? ?? '';
}

class Chat extends JsonObject {
  const Chat(super.json);

  String get id => json['id'] as String;
  String get title => json['title'] as String? ?? '';
  String get lastMessageTime => json['last_message_time'] as String? ?? '';
  String get lastMessageContent => json['last_message_content'] as String? ?? '';
  int get lastSeq => integer(json['last_seq']);
  int get changed => integer(json['changed']);
  int get activity => integer(json['activity']);
  bool get isPinned => json['is_pinned'] == true;
  bool get isArchived => json['is_archived'] == true;
  String? get model => json['model'] as String?;
  String? get leafId => json['leaf_id'] as String?;
}

class Message extends JsonObject {
  const Message(super.json);

  String get id => json['id'] as String;
  String get chatId => json['chat_id'] as String;
  int get seq => integer(json['seq']);
  String get content => json['content'] as String? ?? '';
  String get type => json['type'] as String? ?? 'text';
  String get timestamp => json['timestamp'] as String? ?? '';
  String get status => json['status'] as String? ?? 'sent';
  bool get isUser => json['sender'] == 'user';
  List<String> get mediaUrls => (json['media_urls'] as List<dynamic>? ?? const <dynamic>[]).cast<String>();
  String? get replyId => json['reply_id'] as String?;
  String? get replyToId => json['reply_to_id'] as String?;
  String? get parentId => json['parent_id'] as String?;
  bool get isOffPath => json['on_path'] == false;
  Json? get siblings => json['siblings'] as Json?;
  Json? get feedback => json['feedback'] as Json?;
  Json? get generation => json['generation'] as Json?;

  /// Of a reply: queued, running, waiting, completed, stopped, failed or interrupted.
  String? get state => generation?['state'] as String?;

  /// What went wrong with a reply, for people.
  String? get problem => (generation?['error'] as Json?)?['detail'] as String?;

  int get attempt => integer(generation?['attempt']);

  /// Whether it is a reply that has not ended.
  bool get isOpen => state == 'queued' || state == 'running' || state == 'waiting';

  List<Part> get parts => objects(json['parts']).map((x) => Part(x)).toList();
}

/// A piece of a reply: text, thoughts, a tool call, a source.
class Part extends JsonObject {
  const Part(super.json);

  String get type => json['type'] as String;
  String? get text => json['text'] as String?;
  String? get name => json['name'] as String?;
  String? get state => json['state'] as String?;
  String? get callId => json['call_id'] as String?;
  String? get title => json['title'] as String?;
  String? get url => json['url'] as String?;
}

/// What the live stream brings.
class Frame extends JsonObject {
  const Frame(super.json);

  String get type => json['type'] as String? ?? '';
  String? get cursor => json['cursor'] as String?;
  Json get data => json['data'] as Json? ?? const <String, dynamic>{};
}

/// A message that the server has not confirmed yet.
class Pending {
  const Pending({required this.id, required this.content, required this.mediaUrls, this.error, this.isFailed = false});

  final String id;
  final String content;
  final List<String> mediaUrls;

  /// False: it is tried again by itself. True: it was refused, and stays until it is dismissed or retried.
  final bool isFailed;
  final CoteError? error;
}

enum Status { loggedOut, connecting, live, offline }

/// What a client knows at one moment.
class CoteState {
  const CoteState({
    required this.status,
    required this.user,
    required this.chats,
    required this.messages,
    required this.pending,
    required this.typing,
    required this.loading,
    required this.more,
    this.error,
  });

  final Status status;
  final User? user;

  /// All chats, archived ones too, newest activity first.
  final List<Chat> chats;

  /// The active path of each chat that was opened, by `seq`, with open replies as far as they have come.
  final Map<String, List<Message>> messages;

  /// What waits to be sent, or was refused, oldest first.
  final Map<String, List<Pending>> pending;

  /// The chats in which the assistant types.
  final Set<String> typing;

  /// The chats of which messages are fetched for the first time, or the page before them.
  final Set<String> loading;

  /// The chats that have messages before the first one that is held.
  final Set<String> more;

  /// What ended the live connection for good. `start()` tries again.
  final CoteError? error;
}

/// What an upload answers: `url` stands in `mediaUrls` of a send.
class Uploaded {
  const Uploaded({required this.url, required this.name, required this.size});

  final String url;
  final String name;
  final int size;
}

/// A file to upload. The `openRead` of a `File` of dart:io and of an `XFile` fit as they are.
class UploadFile {
  const UploadFile({required this.name, required this.size, required this.openRead});

  UploadFile.bytes(List<int> bytes, {required this.name})
      : size = bytes.length,
        openRead = ((int start, int end) => Stream<List<int>>.value(bytes.sublist(start, end)));

  final String name;
  final int size;
  final Stream<List<int>> Function(int start, int end) openRead;
}


int integer(Object? value) => value is num ? value.toInt() : 0;

/// The objects of a list of JSON; of `null`, none.
List<Json> objects(Object? value) => value is List<dynamic> ? value.map((dynamic x) => x as Json).toList() : <Json>[];

/// An object of JSON; of anything else, an empty one.
Json object(Object? value) => value is Json ? value : const <String, dynamic>{};
