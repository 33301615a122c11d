using System.Text.Json;

namespace Cote.BlackBox.Crash;

sealed partial class Person
{
    const int MostAttempts = 4;

    /// <summary>Waits until nothing is open, then proves what was promised.</summary>
    public async Task CheckAsync(int starts)
    {
        foreach (var sent in _sent)
            foreach (var reply in sent.LivingReplies)
                await EndAsync(sent.Chat, reply.Id);

        // One moment in which nothing happened between two looks.
        JsonElement sync;
        Dictionary<string, JsonElement> listed;
        Dictionary<string, List<JsonElement>> paths;
        (long Seq, Dictionary<string, JsonElement> Chats, Dictionary<string, Known> Messages)[] states;
        for (var tries = 0; ; tries++)
        {
            sync = (await _client.GetAsync("/sync")).Ok().Json;
            var cursor = sync.GetProperty("cursor").GetString()!;
            var head = long.Parse(cursor[(cursor.IndexOf('-') + 1)..]);
            foreach (var device in Devices)
                await device.ReachAsync(head);
            List<string> seen;
            (listed, paths, seen) = await ListMessagesAsync(sync);
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
        foreach (var chat in sync.GetProperty("chats").EnumerateArray())
        {
            var id = Text(chat, "id")!;
            CheckTree(chat, [.. listed.Values.Where(x => Text(x, "chat_id") == id)], paths[id]);
            foreach (var device in Devices)
                if (!device.PathOf(id).Select(WithoutStatus).SequenceEqual(paths[id].Select(WithoutStatus)))
                    Faults.Enqueue($"On the screen there is {string.Join('\n', device.PathOf(id))}, in the list "
                        + string.Join('\n', paths[id]));
        }
        foreach (var (_, chats, messages) in states)
            CheckState(sync, listed, chats, messages);
        foreach (var sent in _sent.Where(x => !_chats.Single(y => y.Id == x.Chat).Deleted).TakeLast(20))
            await SearchAsync(sent);
        foreach (var (seq, about) in Devices[0].Events)
            // Who came to it later may have been told that the whole chat is gone.
            if (Devices[1].Events.TryGetValue(seq, out var other) && other != about
                && !(other.Chat == about.Chat && (other.About == other.Chat || about.About == about.Chat)))
                Faults.Enqueue($"Event {seq} was about {about} on one device and about {other} on the other.");
    }

    // The trees of all chats, and the paths that they show.
    async Task<(Dictionary<string, JsonElement>, Dictionary<string, List<JsonElement>>, List<string> Faults)>
        ListMessagesAsync(JsonElement sync)
    {
        var faults = new List<string>();
        var listed = new Dictionary<string, JsonElement>();
        var paths = new Dictionary<string, List<JsonElement>>();
        var chats = await PagesAsync("/chats/?limit=3");
        if (!chats.Select(x => x.ToString())
            .SequenceEqual(sync.GetProperty("chats").EnumerateArray().Select(x => x.ToString())))
            faults.Add("/chats/ and /sync differ.");
        foreach (var chat in chats.Select(x => Text(x, "id")!))
        {
            long last = 0;
            var tree = $"/chats/{chat}/messages/?branches=all&after=0&limit=50&parts=all";
            foreach (var message in await PagesAsync(tree))
            {
                if (!listed.TryAdd(message.GetProperty("id").GetString()!, message))
                    faults.Add($"Twice in the list: {message}");
                if (message.GetProperty("seq").GetInt64() <= last)
                    faults.Add($"Out of order after {last}: {message}");
                last = message.GetProperty("seq").GetInt64();
            }
            paths[chat] = await PagesAsync($"/chats/{chat}/messages/?after=0&limit=50&parts=all");
        }
        return (listed, paths, faults);
    }

    async Task<List<JsonElement>> PagesAsync(string path)
    {
        var all = new List<JsonElement>();
        for (var next = path; next is not null;)
        {
            var page = (await _client.GetAsync(next)).Ok();
            all.AddRange(page.Json.EnumerateArray());
            next = page.NextPage;
        }
        return all;
    }

    // Each acknowledged message is there once, each of its replies has ended as the model's text says it must.
    void CheckAcknowledged(JsonElement sync, Dictionary<string, JsonElement> listed, int starts)
    {
        var chats = sync.GetProperty("chats").EnumerateArray().ToDictionary(x => x.GetProperty("id").GetString()!);
        foreach (var chat in _chats)
            if (chat.Deleted == chats.ContainsKey(chat.Id))
                Faults.Enqueue($"Chat {chat.Id} is {(chat.Deleted ? "still" : "not")} there.");
            else if (!chat.Deleted)
                CheckTitle(chat, chats[chat.Id]);
        TakenUp = 0;
        foreach (var sent in _sent)
        {
            if (sent.Deleted == listed.ContainsKey(sent.Id))
                Faults.Enqueue($"Message {sent.Answer} is {(sent.Deleted ? "still" : "not")} there.");
            else if (!sent.Deleted && Text(listed[sent.Id], "parent_id") != ParentOf(sent))
                Faults.Enqueue($"After {ParentOf(sent)} should be {listed[sent.Id]}");
            long attempts = 0;
            foreach (var reply in sent.Replies)
                if (reply.Deleted == listed.ContainsKey(reply.Id))
                    Faults.Enqueue($"Reply {reply.Id} to {sent.Id} is {(reply.Deleted ? "still" : "not")} there.");
                else if (!reply.Deleted)
                    attempts += CheckReply(sent, listed[reply.Id], starts);
            // A kill can fall between raising the attempt and the call: fewer calls are right, more are not.
            if (!Story.HasSteps(sent.Content) && _story.CallsFor(sent.Content) > attempts
                && sent.Replies.All(x => !x.Deleted))
                Faults.Enqueue($"{_story.CallsFor(sent.Content)} calls, {attempts} attempts for {sent.Answer}");
        }
        var there = _sent.Sum(x => (x.Deleted ? 0 : 1) + x.LivingReplies.Count());
        if (listed.Count != there)
            Faults.Enqueue($"{listed.Count} messages are listed; {there} were acknowledged and not deleted.");
    }

    // The attempts that it took, at most.
    long CheckReply(Sent sent, JsonElement reply, int starts)
    {
        var generation = reply.GetProperty("generation");
        var attempt = generation.GetProperty("attempt").GetInt64();
        var (state, text, whole) = (generation.GetProperty("state").GetString(),
            reply.GetProperty("content").GetString()!, _story.To(sent.Content));
        TakenUp += attempt > 1 ? 1 : 0;
        var place = reply.GetProperty("seq").GetInt64() - sent.Answer.GetProperty("seq").GetInt64();
        if (Text(reply, "reply_to_id") != sent.Id || Text(reply, "parent_id") != sent.Id
            || (Text(reply, "id") == sent.ReplyId ? place != 1 : place <= 1))
            Faults.Enqueue($"Not the reply to {sent.Answer}: {reply}");
        if (state switch
        {
            "completed" => text != whole,
            "stopped" => !whole.StartsWith(text, StringComparison.Ordinal),
            "interrupted" => starts < MostAttempts || !whole.StartsWith(text, StringComparison.Ordinal),
            _ => true
        })
            Faults.Enqueue($"Ended wrongly, should be “{whole}”: {reply}");
        if (Story.HasSteps(sent.Content))
            CheckSteps(sent, reply, starts);
        else if (attempt > (starts * _story.AttemptsEach) + 1)
            Faults.Enqueue($"{attempt} attempts after {starts} starts for {reply}");
        foreach (var device in Devices)
            if (device.TextOf(Text(reply, "id")!) is { Length: > 0 } shown && shown != text)
                Faults.Enqueue($"“{shown}” is on the screen instead of {reply}");
        // It tells of the attempt that made its text: what was cut off may have begun others, which had none yet.
        return state == "completed" ? attempt : MostAttempts;
    }

    // What the person wrote; else the first line of a question, or what the model said of it, once more after a crash.
    void CheckTitle(Chat chat, JsonElement told)
    {
        var asked = _sent.Where(x => x.Chat == chat.Id).Select(x => x.Content).ToList();
        var title = Text(told, "title")!;
        var isMade = asked.Any(x => Story.TitleOf(x) == title);
        TitlesMade += chat.Title is null && isMade ? 1 : 0;
        if (chat.Title is not null ? title != chat.Title : !isMade && title.Length > 0 && !asked.Contains(title))
            Faults.Enqueue($"Chat {told} should have the title {chat.Title ?? "of a question"}");
        if (Text(told, "title_source") != (chat.Title is null ? "auto" : "user"))
            Faults.Enqueue($"Another's title: {told}");
        if (asked.Sum(_story.TitlesFor) > 2 * chat.Wishes)
            Faults.Enqueue($"{asked.Sum(_story.TitlesFor)} titles were asked for, {chat.Wishes} wished for in {told}");
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
            // What is on another path, or ended without text, moves the time alone.
            var lastText = ofChat.Where(x => IsOnPath(listed, x) && (Text(x.Data, "sender") == "user"
                || Text(x.Data, "content")!.Length > 0)).MaxBy(x => x.EventSeq);
            var time = (last?.Data.GetProperty("timestamp") ?? chat.GetProperty("created_at")).GetString();
            var content = lastText?.Data.GetProperty("content").GetString() ?? "";
            if (chat.GetProperty("last_message_time").GetString() != time
                || !content.StartsWith(chat.GetProperty("last_message_content").GetString()!, StringComparison.Ordinal)
                || chat.GetProperty("last_message_content").GetString()!.Length < Math.Min(499, content.Length))
                Faults.Enqueue($"The last message by events is {last?.Data}, by /sync {chat}");
        }

        static bool IsOnPath(Dictionary<string, JsonElement> listed, Known known) =>
            listed.TryGetValue(Text(known.Data, "id")!, out var message) && !message.TryGetProperty("on_path", out _);

        // Its place in the tree is what a client derives: CheckTree has seen to that.
        static string Shape(JsonElement message, string status) => status + string.Join('|', message.EnumerateObject()
            .Where(x => x.Name is not ("status" or "on_path" or "siblings")).Select(x => $"{x.Name}={x.Value}")
            .Order(StringComparer.Ordinal));
    }

    static string WithoutStatus(JsonElement message) => string.Join('|', message.EnumerateObject()
        .Where(x => x.Name != "status").Select(x => $"{x.Name}={x.Value}").Order(StringComparer.Ordinal));
}
