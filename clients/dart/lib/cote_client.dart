/// A client of Cote, the backend of AI chat apps: live, resumable, offline.
library;

export 'src/client.dart' show CoteClient, createClient, uuid;
export 'src/connection.dart' show Sockets, Transport;
export 'src/http.dart' show Cancellation, CoteError;
export 'src/storage.dart' show MemoryStorage, Storage, fileStorage;
export 'src/types.dart'
    show Chat, CoteState, Frame, Json, JsonObject, Message, Part, Pending, Status, UploadFile, Uploaded, User;
