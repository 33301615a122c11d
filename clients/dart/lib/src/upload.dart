import 'dart:async';
import 'dart:convert';
import 'dart:math';
import 'dart:typed_data';

import 'http.dart';
import 'types.dart';

const Map<String, String> _tus = <String, String>{'Tus-Resumable': '1.0.0'};

/// Sends a file in pieces by tus 1.0, and goes on where a cut left it.
Future<Uploaded> upload(
  Http http,
  UploadFile file, {
  void Function(int sent, int total)? onProgress,
  Cancellation? cancellation,
}) async {
  final headers = <String, String>{
    ..._tus,
    'Upload-Length': '${file.size}',
    'Upload-Metadata': 'filename ${base64Encode(utf8.encode(file.name))}',
  };
  final call = Call(headers: headers, cancellation: cancellation, tries: 3);
  final created = await http.send('POST', '/upload/resumable', call);
  final location = created.headers['location'];
  if (location == null) {
    throw unreached();
  }
  final path = Uri.parse('http://any/').resolve(location).path;
  var sent = 0;
  var piece = 256 * 1024;
  var failures = 0;
  while (true) {
    final began = DateTime.now();
    try {
      if (cancellation != null && cancellation.isCancelled) {
        throw cancelled();
      }
      final reply = failures > 0
          ? await http.send('HEAD', path, Call(headers: _tus, cancellation: cancellation))
          : await http.send('PATCH', path, await _piece(file, sent, piece, cancellation));
      final offset = int.tryParse(reply.headers['upload-offset'] ?? '');
      if (offset == null) {
        throw unreached();
      }
      sent = offset;
      failures = 0;
      onProgress?.call(sent, file.size);
      final url = reply.headers['upload-media-url'];
      if (url != null) {
        return Uploaded(url: url, name: file.name, size: file.size);
      }
      if (DateTime.now().difference(began) < const Duration(seconds: 1)) {
        piece = min(piece * 2, 8 * 1024 * 1024);
      }
    } on CoteError catch (error) {
      if (error.code == 'cancelled') {
        http.send('DELETE', path, const Call(headers: _tus)).ignore();
      }
      failures++;
      if (failures > 12 || !(error.isPassing || error.status == 409 || error.status == 423)) {
        rethrow;
      }
      piece = max(piece ~/ 4, 64 * 1024);
      await pause(backoff(failures, error.retryAfter, 300), cancellation, http.closing);
    }
  }
}

Future<Call> _piece(UploadFile file, int start, int length, Cancellation? cancellation) async {
  final bytes = BytesBuilder(copy: false);
  await for (final chunk in file.openRead(start, min(start + length, file.size))) {
    bytes.add(chunk);
  }
  final headers = <String, String>{
    ..._tus,
    'Upload-Offset': '$start',
    'Content-Type': 'application/offset+octet-stream',
  };
  return Call(headers: headers, bytes: bytes.takeBytes(), cancellation: cancellation);
}
