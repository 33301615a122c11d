using System.Text.Json;

namespace Cote.BlackBox.Crash;

sealed partial class Person
{
    /// <summary>Waits until nothing is open, then proves what was promised.</summary>
    public async Task CheckAsync(int starts)
    {
        foreach (var sent in _sent.Where(x => !x.Deleted))
            await _client.EndOfAsync(sent.Chat, sent.ReplyId);

        // One moment in which nothing happened between two looks.
        JsonElement sync;
        Dictionary<string, JsonElement> listed;
        (long Seq, Dictionary<string, JsonElement> Chats, Dictionary<string, Known> Messages)[] states;
        for (var tries = 0; ; tries++)
        {
            sync = (await _client.GetAsync("/sync")).Ok().Json;
            var cursor = sync.GetProperty("cursor").GetString()!;
            var head = long.Parse(cursor[(cursor.IndexOf('-') + 1)..]);
            foreach (var device in Devices)
                await device.ReachAsync(head);
            List<string> seen;
            (listed, seen) = await ListMessagesAsync(sync);
            states = [.. Devices.Select(x => x.State())];
            if ((await _client.GetAsync("/sync")).Ok()["cursor"] == cursor && states.All(x => x.Seq == head))
            {
                seen.ForEach(Faults.Enqueue); // of a look in which nothing moved
                break;
            }
            if (tries == 50)
            {
                Faults.Enqueue("Events do not come to rest.");
                return;
            }
        }
        if (sync.GetProperty("running").GetArrayLength() > 0)
            Faults.Enqueue($"A reply is open: {sync.GetProperty("running")}");
        CheckAcknowledged(sync, listed, starts);
        foreach (var (_, chats, messages) in states)
            CheckState(sync, listed, chats, messages);
        foreach (var (seq, about) in Devices[0].Events)
            // Who came to it later may have been told that the whole chat is gone.
            if (Devices[1].Events.TryGetValue(seq, out var other) && other != about
                && !(other.Chat == about.Chat && (other.About == other.Chat || about.About == about.Chat)))
                Faults.Enqueue($"Event {seq} was about {about} on one device and about {other} on the other.");
    }

    async Task<(Dictionary<string, JsonElement> Listed, List<string> Faults)> ListMessagesAsync(JsonElement sync)
    {
        var faults = new List<string>();
        var listed = new Dictionary<string, JsonElement>();
        var chats = await PagesAsync("/chats/?limit=3");
        if (!chats.Select(x => x.ToString())
            .SequenceEqual(sync.GetProperty("chats").EnumerateArray().Select(x => x.ToString())))
            faults.Add("/chats/ and /sync differ.");
        foreach (var chat in chats)
        {
            long last = 0;
            foreach (var message in await PagesAsync($"/chats/{chat.GetProperty("id")}/messages/?after=0&limit=50"))
            {
                if (!listed.TryAdd(message.GetProperty("id").GetString()!, message))
                    faults.Add($"Twice in the list: {message}");
                if (message.GetProperty("seq").GetInt64() <= last)
                    faults.Add($"Out of order after {last}: {message}");
                last = message.GetProperty("seq").GetInt64();
            }
        }
        return (listed, faults);
    }

    async Task<List<JsonElement>> PagesAsync(string path)
    {
        var all = new List<JsonElement>();
        for (var next = path; next is not null;)
        {
            var page = (await _client.GetAsync(next)).Ok();
            all.AddRange(page.Json.EnumerateArray());
            var link = page.Header("Link");
            next = link is null ? null : link[(link.IndexOf('<') + 1)..link.IndexOf('>')];
        }
        return all;
    }

    // Each acknowledged message is there once, with one reply that has ended as the model's text says it must.
    void CheckAcknowledged(JsonElement sync, Dictionary<string, JsonElement> listed, int starts)
    {
        var chats = sync.GetProperty("chats").EnumerateArray().ToDictionary(x => x.GetProperty("id").GetString()!);
        foreach (var chat in _chats)
            if (chat.Deleted == chats.ContainsKey(chat.Id))
                Faults.Enqueue($"Chat {chat.Id} is {(chat.Deleted ? "still" : "not")} there.");
            else if (!chat.Deleted && chats[chat.Id].GetProperty("title").GetString() != chat.Title)
                Faults.Enqueue($"Chat {chats[chat.Id]} should have the title {chat.Title}");
        TakenUp = 0;
        foreach (var sent in _sent)
        {
            if (sent.Deleted == listed.ContainsKey(sent.Id) || sent.Deleted == listed.ContainsKey(sent.ReplyId))
                Faults.Enqueue($"Message {sent.Answer} or its reply is {(sent.Deleted ? "still" : "not")} there.");
            if (sent.Deleted || !listed.TryGetValue(sent.ReplyId, out var reply))
                continue;
            var generation = reply.GetProperty("generation");
            var attempt = generation.GetProperty("attempt").GetInt64();
            var (state, text, whole) = (generation.GetProperty("state").GetString(),
                reply.GetProperty("content").GetString()!, _story.To(sent.Content));
            TakenUp += attempt > 1 ? 1 : 0;
            if (reply.GetProperty("reply_to_id").GetString() != sent.Id
                || reply.GetProperty("seq").GetInt64() != sent.Answer.GetProperty("seq").GetInt64() + 1)
                Faults.Enqueue($"Not the reply to {sent.Answer}: {reply}");
            if (state switch
            {
                "completed" => text != whole,
                "stopped" => !whole.StartsWith(text, StringComparison.Ordinal),
                "interrupted" => attempt < 4,
                _ => true
            })
                Faults.Enqueue($"Ended wrongly, should be “{whole}”: {reply}");
            // A kill can fall between raising the attempt and the call: fewer calls are right, more are not.
            if (_story.CallsFor(sent.Content) > attempt || attempt > starts + 1)
                Faults.Enqueue($"{_story.CallsFor(sent.Content)} calls after {starts} starts for {reply}");
            foreach (var device in Devices)
                if (device.TextOf(sent.ReplyId) is { Length: > 0 } shown && shown != text)
                    Faults.Enqueue($"“{shown}” is on the screen instead of {reply}");
        }
        if (listed.Count != 2 * _sent.Count(x => !x.Deleted))
            Faults.Enqueue(
                $"{listed.Count} messages are listed; {_sent.Count(x => !x.Deleted)} were sent and not deleted.");
    }

    // State built from events equals state freshly fetched.
    void CheckState(JsonElement sync, Dictionary<string, JsonElement> listed, Dictionary<string, JsonElement> chats,
        Dictionary<string, Known> messages)
    {
        foreach (var (id, known) in messages)
            if (!listed.TryGetValue(id, out var message))
                Faults.Enqueue($"By events there is {known.Data}, in the list there is not.");
            else if (Shape(known.Data, known.Status) != Shape(message, message.GetProperty("status").GetString()!))
                Faults.Enqueue($"By events {known.Data} with {known.Status}, in the list {message}");
        foreach (var (id, message) in listed)
            if (!messages.ContainsKey(id))
                Faults.Enqueue($"In the list there is {message}, by events there is not.");
        if (chats.Count != sync.GetProperty("chats").GetArrayLength())
            Faults.Enqueue($"{chats.Count} chats by events, by /sync {sync.GetProperty("chats").GetArrayLength()}");
        foreach (var chat in sync.GetProperty("chats").EnumerateArray())
        {
            var id = chat.GetProperty("id").GetString()!;
            if (!chats.TryGetValue(id, out var known)
                || known.GetProperty("title").GetString() != chat.GetProperty("title").GetString())
                Faults.Enqueue($"By /sync {chat}, by events {known}");
            var ofChat = messages.Values.Where(x => x.Data.GetProperty("chat_id").GetString() == id).ToList();
            var last = ofChat.MaxBy(x => x.EventSeq);
            // A reply that ended without text moves the time alone.
            var lastText = ofChat.Where(x => x.Data.GetProperty("sender").GetString() == "user"
                || x.Data.GetProperty("content").GetString()!.Length > 0).MaxBy(x => x.EventSeq);
            var time = (last?.Data.GetProperty("timestamp") ?? chat.GetProperty("created_at")).GetString();
            var content = lastText?.Data.GetProperty("content").GetString() ?? "";
            if (chat.GetProperty("last_message_time").GetString() != time
                || !content.StartsWith(chat.GetProperty("last_message_content").GetString()!, StringComparison.Ordinal)
                || chat.GetProperty("last_message_content").GetString()!.Length < Math.Min(499, content.Length))
                Faults.Enqueue($"The last message by events is {last?.Data}, by /sync {chat}");
        }

        static string Shape(JsonElement message, string status) => status + string.Join('|',
            message.EnumerateObject().Where(x => x.Name != "status").Select(x => $"{x.Name}={x.Value}"));
    }
}
