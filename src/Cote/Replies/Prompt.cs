using Cote.Chats;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>What the model is given: as much of the chat as its window holds, read backwards, never the whole chat.</summary>
sealed class Prompt(MessageStore messages, Attachments attachments)
{
    const int PageRows = 100;

    /// <summary>The messages for a reply, or null where not even the system prompt and the question fit.</summary>
    /// <param name="reply">The reply to be made.</param>
    /// <param name="systemPrompt">What stands before everything, or null.</param>
    /// <param name="window">Tokens of prompt and reply together.</param>
    /// <param name="maxTokens">Tokens that the reply may take, or null where nobody says: then a quarter is kept free.</param>
    /// <param name="vision">Does the model see images?</param>
    public async Task<IReadOnlyList<ChatMessage>?> BuildAsync(
        PendingReplyRow reply, string? systemPrompt, int window, int? maxTokens, bool vision, CancellationToken ct)
    {
        // Most chats are short: one look brings the question and all that was said before it.
        var newest = await messages.ListPastAsync(reply.UserId, reply.ChatId, reply.QuestionSeq + 1, null, PageRows, ct);
        if (newest is not [var question, ..] || question.Seq != reply.QuestionSeq)
            return []; // deleted meanwhile
        var left = window - Math.Min(maxTokens ?? window / 4, window / 2) - TokenEstimate.Of(question.Content);
        if (!string.IsNullOrEmpty(systemPrompt))
            left -= TokenEstimate.Of(systemPrompt);
        if (left < 0)
            return null;

        // The question's own uploads come first, then what was said before, then the uploads of that, newest first.
        var budget = attachments.For(left, vision);
        var parts = await attachments.ReadAsync(reply.UserId, question.Media, budget, ct);
        if (question.Content.Length == 0 && parts.Count == 0)
            return null;
        var past = await ReadPastAsync(reply, newest.Count < PageRows ? [.. newest.Skip(1)] : null, budget, ct);
        var pastParts = new Dictionary<long, IReadOnlyList<AIContent>>();
        foreach (var message in past.Where(x => x.Media.Count > 0).Reverse())
            pastParts[message.Seq] = await attachments.ReadAsync(reply.UserId, message.Media, budget, ct);
        var prompt = new List<ChatMessage>(past.Count + 2);
        if (!string.IsNullOrEmpty(systemPrompt))
            prompt.Add(new(ChatRole.System, systemPrompt));
        foreach (var message in past)
            Add(prompt, message.Sender, message.Content, pastParts.GetValueOrDefault(message.Seq) ?? []);
        Add(prompt, Senders.User, question.Content, parts);
        return prompt;
    }

    // Cut are first the low, then the normal, then the high ones, each oldest first: so they are taken the other way
    // round, and where one does not fit any more, nothing older and nothing less important is taken.
    async Task<IList<PromptMessage>> ReadPastAsync(PendingReplyRow reply, IReadOnlyList<PromptMessage>? all, Attachments.Budget budget, CancellationToken ct)
    {
        var taken = new SortedList<long, PromptMessage>();
        foreach (var importance in new[] { "high", "normal", "low" })
        {
            var before = reply.QuestionSeq;
            while (true)
            {
                var page = all is not null ? [.. all.Where(x => x.Importance == importance)]
                    : await messages.ListPastAsync(reply.UserId, reply.ChatId, before, importance, PageRows, ct);
                foreach (var message in page)
                {
                    if (budget.Tokens < message.Tokens)
                        return taken.Values;
                    budget.Tokens -= message.Tokens;
                    taken.Add(message.Seq, message);
                }
                if (page.Count < PageRows || all is not null)
                    break;
                before = page[^1].Seq;
            }
        }
        return taken.Values;
    }

    // Some models refuse two turns of one role: neighbours are joined. Text that follows text is one part with it.
    static void Add(List<ChatMessage> prompt, string sender, string text, IReadOnlyList<AIContent> parts)
    {
        var role = sender == Senders.Ai ? ChatRole.Assistant : ChatRole.User;
        if (prompt.Count == 0 || prompt[^1].Role != role)
            prompt.Add(new(role, (IList<AIContent>)[]));
        var contents = prompt[^1].Contents;
        foreach (var part in text.Length > 0 ? parts.Prepend(new TextContent(text)) : parts)
            if (part is TextContent more && contents is [.., TextContent last])
                contents[^1] = new TextContent(last.Text + "\n\n" + more.Text);
            else
                contents.Add(part);
        if (contents.Count == 0)
            prompt.RemoveAt(prompt.Count - 1); // all that it named did not fit
    }
}
