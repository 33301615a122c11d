using System.Diagnostics;
using System.Text.Json;

namespace Cote.BlackBox.Crash;

sealed partial class Device
{
    /// <summary>What an event asks a client to fetch: the path above a place, or, without one, the tree.</summary>
    sealed record Missing(string Chat, long? After);

    async Task TakeAsync(TestFrame frame)
    {
        var missing = Take(frame);
        var fetched = missing is null ? null : await FetchAsync(missing);
        lock (_gate)
        {
            if (fetched is not null)
                Put(missing!, fetched, frame.Seq);
            // What it has reached is what it has applied.
            if (frame.Cursor is not null)
                _seq = frame.Seq;
            _moved.TrySetResult();
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    Missing? Take(TestFrame frame)
    {
        lock (_gate)
        {
            Frames++;
            Missing? missing = null;
            try
            {
                if (frame.Type == "ready")
                    Begin(frame.Data.GetProperty("cursor").GetString()!);
                else if (frame.Type == "reset")
                    Faults.Enqueue($"A reset: {frame}");
                else if (frame.Cursor is not null)
                    missing = TakeEvent(frame);
                else if (frame.Type is "message.snapshot" or "message.delta")
                    TakeText(frame);
                TakeParts(frame);
                if (frame.Cursor is not null || frame.Type is "message.snapshot" or "message.delta")
                    Silence.Break(waits: !_open.IsEmpty);
            }
            catch (Exception error) when (
                error is InvalidOperationException or KeyNotFoundException or NullReferenceException)
            {
                Faults.Enqueue($"{error.Message} at {frame}");
            }
            return missing;
        }
    }

    void Begin(string cursor)
    {
        var (epoch, seq) = (cursor[..cursor.IndexOf('-')], long.Parse(cursor[(cursor.IndexOf('-') + 1)..]));
        if (_epoch is not null && (epoch != _epoch || seq != _seq))
            Faults.Enqueue($"It resumed at {cursor} instead of {_epoch}-{_seq}");
        (_epoch, _seq) = (epoch, seq);
    }

    Missing? TakeEvent(TestFrame frame)
    {
        if (frame.Seq != _seq + 1)
            Faults.Enqueue($"After {_seq} came {frame}");
        var data = frame.Data;
        var of = Text(data, "chat_id") ?? Text(data, "id")!;
        Events[frame.Seq] = (frame.MessageId ?? of, of);
        switch (frame.Type)
        {
            case "chat.created" or "chat.updated":
                _chats[Text(data, "id")!] = data;
                break;
            case "chat.deleted":
                var gone = Text(data, "chat_id")!;
                _chats.Remove(gone);
                _paths.Remove(gone);
                foreach (var (id, message) in _messages.Where(x => Text(x.Value.Data, "chat_id") == gone).ToList())
                    _messages.Remove(id);
                foreach (var (id, chat) in _open.Where(x => x.Value == gone))
                    Close(id);
                break;
            case "message.deleted":
                Close(frame.MessageId!);
                return Delete(of, frame.MessageId!);
            case "chat.path":
                // A leaf that no event has told of is a reply that is open.
                if (Text(data, "leaf_id") is { } leaf && !_messages.ContainsKey(leaf))
                    _open[leaf] = of;
                return new(of, data.GetProperty("after_seq").GetInt64());
            case "message.status":
                if (_messages.TryGetValue(frame.MessageId!, out var known))
                    _messages[frame.MessageId!] = known with { Status = Text(data, "status")! };
                // of a reply still open: what ends it will carry the status
                else if (!_replies.ContainsKey(frame.MessageId!))
                    Faults.Enqueue($"A status of a message never seen: {frame}");
                break;
            case "message":
                TakeMessage(frame);
                break;
            case "message.waiting":
                TakeWaiting(frame);
                break;
            default:
                Faults.Enqueue($"Unknown: {frame}");
                break;
        }
        return null;
    }

    // What followed it follows its parent. An open reply was never seen: its question names it, or its text did; of a
    // version that never had any, the tree tells.
    Missing? Delete(string chat, string id)
    {
        var isKnown = true;
        string? parent;
        if (_messages.TryGetValue(id, out var gone))
            parent = Text(gone.Data, "parent_id");
        else if (!_parentsOfLost.TryGetValue(id, out parent))
            isKnown = (parent = _messages.FirstOrDefault(x => Text(x.Value.Data, "reply_id") == id).Key
                ?? _replies.GetValueOrDefault(id).Question) is not null;
        if (gone is not null && Text(gone.Data, "sender") == "user")
            foreach (var (reply, _) in _replies.Where(x => x.Value.Question == id))
                _parentsOfLost[reply] = parent;
        _messages.Remove(id);
        var children = _messages.Where(x => Text(x.Value.Data, "parent_id") == id).ToList();
        foreach (var (child, known) in children)
            _messages[child] = known with { Data = ShownPath.After(known.Data, parent) };
        PathIn(chat).Delete(id, parent);
        return isKnown || children.Count == 0 ? null : new(chat, null);
    }

    ShownPath PathIn(string chat) => _paths.TryGetValue(chat, out var path) ? path : _paths[chat] = new();

    void Close(string reply)
    {
        _open.TryRemove(reply, out _);
        _waiting.Remove(reply);
        TextSilence.Forget(reply);
    }

    void TakeMessage(TestFrame frame)
    {
        var data = frame.Data;
        TextSilence.Break(waits: false, frame.MessageId!);
        _messages[frame.MessageId!] = new(data, Text(data, "status")!, frame.Seq);
        PathIn(Text(data, "chat_id")!).Take(data);
        Close(frame.MessageId!);
        if (Text(data, "sender") == "user")
        {
            _replies[Text(data, "reply_id")!] = (frame.MessageId!, Text(data, "content")!);
            _open[Text(data, "reply_id")!] = Text(data, "chat_id")!;
            return;
        }
        var shown = _texts[frame.MessageId!];
        _texts.Apply(frame);
        Check(frame, Text(data, "content")!);
        // The end may put another attempt's text in place, never less of the same.
        if (data.GetProperty("generation").GetProperty("state").GetString() == "completed"
            && shown.Length > Text(data, "content")!.Length)
            Faults.Enqueue($"{shown.Length} units were shown of what ended with fewer: {frame}");
    }

    void TakeText(TestFrame frame)
    {
        if (Text(frame.Data, "reply_to_id") is { } asked && _messages.TryGetValue(asked, out var question))
            _replies[frame.MessageId!] = (asked, Text(question.Data, "content")!);
        if (!_replies.ContainsKey(frame.MessageId!))
            Faults.Enqueue($"Text of a reply whose question was not seen: {frame}");
        var before = _texts[frame.MessageId!];
        var holes = _texts.Faults.Count;
        _texts.Apply(frame);
        if (_texts[frame.MessageId!] != before)
            TextSilence.Break(waits: true, frame.MessageId!);
        _lately.Enqueue((Connections, frame));
        if (_lately.Count > 500)
            _lately.Dequeue();
        if (_texts.Faults.Count > holes && holes == 0) // one frame alone does not say how it came to this
            Faults.Enqueue(
                $"Before that: {string.Join('\n', _lately.Where(x => x.Frame.MessageId == frame.MessageId))}");
        Check(frame, _texts[frame.MessageId!]);
        if (KeepsShown)
            Shown.Enqueue((Stopwatch.GetTimestamp(), frame.MessageId!, _texts[frame.MessageId!]));
    }

    void Check(TestFrame frame, string text)
    {
        if (_replies.TryGetValue(frame.MessageId!, out var reply)
            && !story.To(reply.Content).StartsWith(text, StringComparison.Ordinal))
            Faults.Enqueue($"A text with a hole, “{text}” of “{story.To(reply.Content)}”, at {frame}");
    }

    // As long as it takes: what comes after it is applied to what it brings. Null where the chat is gone since.
    async Task<List<JsonElement>?> FetchAsync(Missing missing)
    {
        var all = new List<JsonElement>();
        var next = $"/chats/{missing.Chat}/messages/?"
            + (missing.After is { } after ? $"after={after}&limit=7&parts=all" : "branches=all&parts=all");
        while (next is not null && !_over.IsCancellationRequested)
            try
            {
                await door.Open().WaitAsync(_over.Token);
                var page = await client.GetAsync(next);
                if (page.Status is not (200 or >= 500))
                    return null;
                if (page.Status == 200)
                {
                    all.AddRange(page.Json.EnumerateArray());
                    next = page.NextPage;
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
            {
                await Task.Delay(50); // it went down in between: not again at once
            }
        return all;
    }

    void Put(Missing missing, List<JsonElement> fetched, long seq)
    {
        foreach (var message in fetched)
            // An open reply is listed before its event tells of it.
            if (_messages.TryGetValue(Text(message, "id")!, out var known))
                _messages[Text(message, "id")!] = new(message, Text(message, "status")!, known.EventSeq);
        PathIn(missing.Chat).Replace(missing.After ?? 0, fetched);
    }

    static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
