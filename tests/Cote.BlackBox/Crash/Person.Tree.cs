using System.Text.Json;

namespace Cote.BlackBox.Crash;

sealed partial class Person
{
    /// <summary>Edits, replies made anew and answers to older messages that were acknowledged.</summary>
    public int Branches { get; private set; }

    // Another version of a question, another reply to it, or another question after either.
    async Task BranchAsync(Sent sent)
    {
        var stop = _random.Next(4) == 0;
        switch (_random.Next(3))
        {
            case 0:
                await SendAsync(sent.Chat, "version_of", sent.Id, stop);
                if (_sent[^1].Parent != ParentOf(sent))
                    Faults.Enqueue($"Not a version of {sent.Answer}: {_sent[^1].Answer}");
                break;
            case 1:
                var parent = SomeOf(sent);
                await SendAsync(sent.Chat, "parent_id", parent, stop);
                if (_sent[^1].Parent != parent)
                    Faults.Enqueue($"Not after {parent}: {_sent[^1].Answer}");
                break;
            default:
                await RegenerateAsync(sent, stop);
                return;
        }
        Branches++;
    }

    async Task RegenerateAsync(Sent sent, bool stop)
    {
        var id = Guid.CreateVersion7().ToString();
        var path = $"/chats/{sent.Chat}/messages/{SomeOf(sent)}/regenerate";
        var answer = await InsistAsync(() => _client.PostAsync(path, new { id, stop }));
        Expect(answer, 200, 409);
        if (answer.Status != 200)
            return;
        if (answer["id"] != id || answer["reply_to_id"] != sent.Id)
            Faults.Enqueue($"Not the reply {id} to {sent.Answer}: {answer.Text}");
        if (answer.Header("Idempotent-Replayed") == "true")
            Replayed++;
        sent.Add(id);
        Branches++;
    }

    async Task SwitchAsync(Sent sent)
    {
        var body = new { message_id = SomeOf(sent) };
        Expect(await InsistAsync(() => _client.PutAsync($"/chats/{sent.Chat}/leaf", body)), 200);
    }

    async Task NameAsync(Chat chat)
    {
        chat.Title = _random.Next(3) == 0 ? null : $"title {_random.Next()}";
        Expect(await InsistAsync(() =>
        {
            chat.Wishes += chat.Title is null ? 1 : 0; // a call that was cut off may have been heard
            return _client.PatchAsync($"/chats/{chat.Id}", new { title = chat.Title });
        }), 200);
    }

    async Task DeleteAsync(Sent sent)
    {
        var reply = _random.Next(3) == 0 ? sent.LivingReplies.LastOrDefault() : null;
        var path = $"/chats/{sent.Chat}/messages/{reply?.Id ?? sent.Id}";
        Expect(await InsistAsync(() => _client.DeleteAsync(path)), 200, 404);
        if (reply is null)
            sent.Delete();
        else
            reply.Deleted = true;
    }

    // What was acknowledged is found at once, what was deleted is not.
    async Task SearchAsync(Sent sent)
    {
        var answer = await InsistAsync(() => _client.GetAsync("/search?q=" + Uri.EscapeDataString(sent.Content)));
        Expect(answer, 200);
        if (answer.Status != 200)
            return;
        var found = answer.Json.EnumerateArray().Where(x => x.TryGetProperty("message_id", out _))
            .Select(x => x.GetProperty("message_id").GetString()).ToList();
        string[] expected = sent.Deleted ? [] : [sent.Id];
        if (!found.SequenceEqual(expected) && answer.Header("Cote-Search-Complete") is null)
            Faults.Enqueue($"A search for {sent.Answer} found {answer.Text}");
    }

    // The question itself or one of its replies.
    string SomeOf(Sent sent)
    {
        var replies = sent.LivingReplies.ToList();
        return _random.Next(2) == 0 || replies.Count == 0 ? sent.Id : replies[_random.Next(replies.Count)].Id;
    }

    // What followed a deleted message follows its parent.
    string? ParentOf(Sent sent)
    {
        var parent = sent.Parent;
        while (parent is not null)
        {
            var question = _sent.FirstOrDefault(x => x.Id == parent);
            if (question is { Deleted: false })
                break;
            var asked = _sent.FirstOrDefault(x => x.Replies.Any(y => y.Id == parent));
            if (asked?.Replies.First(x => x.Id == parent).Deleted == false)
                break;
            parent = question is not null ? question.Parent : asked!.Id;
        }
        return parent;
    }

    // The tree holds together, and what is said of a message's place in it is so.
    void CheckTree(JsonElement chat, IReadOnlyList<JsonElement> tree, IReadOnlyList<JsonElement> path)
    {
        var byId = tree.ToDictionary(x => x.GetProperty("id").GetString()!);
        foreach (var message in tree)
            if (Text(message, "parent_id") is { } parent && (!byId.TryGetValue(parent, out var before)
                || before.GetProperty("seq").GetInt64() >= message.GetProperty("seq").GetInt64()))
                Faults.Enqueue($"An orphan: {message}");
        var up = new List<string>();
        for (var id = Text(chat, "leaf_id"); id is not null && byId.ContainsKey(id); id = Text(byId[id], "parent_id"))
            up.Insert(0, id);
        foreach (var told in new[] { path, tree.Where(x => !x.TryGetProperty("on_path", out _)) })
            if (!told.Select(x => x.GetProperty("id").GetString()).SequenceEqual(up))
                Faults.Enqueue($"The path of {chat} is {string.Join(' ', up)}, not {string.Join('\n', told)}");
        foreach (var group in tree.GroupBy(x => (Text(x, "parent_id"), Text(x, "sender"))))
            foreach (var (place, message) in group.Index())
                if (Siblings(message) != (group.Count() == 1 ? "" : $"{place + 1}/{group.Count()}"))
                    Faults.Enqueue($"The {place + 1}. of {group.Count()} siblings is {message}");

        static string Siblings(JsonElement message) => message.TryGetProperty("siblings", out var siblings)
            ? $"{siblings.GetProperty("index")}/{siblings.GetProperty("count")}" : "";
    }

    static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
