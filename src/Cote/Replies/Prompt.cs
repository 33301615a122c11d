using Cote.Chats;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>A prompt.</summary>
/// <param name="Messages">The turns.</param>
/// <param name="Tokens">About how many tokens its provider counts, tools included.</param>
/// <param name="PastTokens">How many of those are of earlier turns.</param>
/// <param name="Estimate">How many they are by <see cref="TokenEstimate"/> alone.</param>
/// <param name="HasDocuments">Whether a text of an upload is in it, which may hold orders of a stranger.</param>
/// <param name="IsSpeechless">Whether a transcript could not be made.</param>
sealed record BuiltPrompt(
    IReadOnlyList<ChatMessage> Messages, long Tokens, long PastTokens, long Estimate, bool HasDocuments = false,
    bool IsSpeechless = false);

/// <summary>How long a prompt may be, in tokens as the provider counts them.</summary>
/// <param name="Model">The model that is asked, as <c>provider/model</c>.</param>
/// <param name="Room">The most.</param>
/// <param name="Wanted">Up to how many earlier turns are taken; the question may be longer.</param>
/// <param name="Tools">The tokens of the tools that go along, by <see cref="TokenEstimate"/>.</param>
readonly record struct PromptRoom(string Model, long Room, long Wanted, long Tools = 0);

/// <summary>
/// Builds the prompt of a reply: as much of the chat as the model's window holds, read backwards, never the whole chat.
/// It is made from the question's ancestors alone, whatever path is active. It fits strict servers: after the system
/// prompt a question comes first, roles alternate, and no turn is blank.
/// </summary>
sealed class Prompt(PastStore history, Attachments attachments)
{
    const int PageRows = 100;
    const string BlankQuestion = "(no text)";

    /// <summary>The text before everything: what the user wants of every chat, then what the chat wants.</summary>
    public static string? SystemTextOf(string? instructions, string? systemPrompt) =>
        string.IsNullOrWhiteSpace(instructions) ? systemPrompt
        : string.IsNullOrWhiteSpace(systemPrompt) ? instructions
        : instructions + "\n\n" + systemPrompt;

    /// <summary>The prompt of a reply, or null where not even the system prompt and the question fit.</summary>
    /// <param name="reply">The reply to be made.</param>
    /// <param name="steps">The steps that it has behind it.</param>
    /// <param name="systemPrompt">The text before everything, or null.</param>
    /// <param name="size">How long it may be.</param>
    /// <param name="senses">What the model takes beside text.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<BuiltPrompt?> BuildAsync(
        PendingReplyRow reply, IReadOnlyList<PastStep> steps, string? systemPrompt, PromptRoom size, Senses senses,
        CancellationToken ct)
    {
        // Most chats are short, and most paths stay: one query brings the question and all messages before it.
        var newest = reply.Path ?? await history.ListNewestAsync(
            reply.UserId, reply.ChatId, reply.QuestionSeq + 1, PageRows, ct);
        var isWhole = newest.Count < PageRows && newest is [var last, ..] && last.Seq == reply.QuestionSeq;
        var question = newest.FirstOrDefault(x => x.Seq == reply.QuestionSeq)
            ?? await history.FindAsync(reply.UserId, reply.QuestionId, ct);
        if (question is null)
            return new([], 0, 0, 0); // Deleted meanwhile.
        var ratio = RatioIn(newest, size.Model);
        // A question is not refused for what another one was counted as: earlier turns make room for it.
        var room = Math.Max(size.Room, ratio.Estimate(size.Room)) - size.Tools;
        var wanted = ratio.Estimate(size.Wanted) - size.Tools;
        var left = room - TokenEstimate.Of(question.Content)
            - (steps.Count == 0 ? TokenEstimate.Of(reply.Prefix) : steps.Sum(x => x.Tokens));
        if (!string.IsNullOrWhiteSpace(systemPrompt))
            left -= TokenEstimate.Of(systemPrompt);
        if (left < 0)
            return null;

        // The question's own uploads come first, then the past, then the uploads of the past, newest first.
        var budget = attachments.For(left, senses, reply.ChatId);
        var parts = await attachments.ReadAsync(reply.UserId, question, budget, ct);
        if (question.Content.Length == 0 && parts.Count == 0)
            return null;
        var own = room - budget.Tokens;
        budget.Tokens = Math.Max(0, budget.Tokens - Math.Max(0, room - wanted));
        var forPast = budget.Tokens;
        var past = await ReadPastAsync(reply, isWhole ? [.. newest.Skip(1)] : null, budget, ct);
        var pastParts = new Dictionary<long, IReadOnlyList<AIContent>>();
        foreach (var message in past.Where(x => x.Media.Count > 0).Reverse())
            pastParts[message.Seq] = await attachments.ReadAsync(reply.UserId, message, budget, ct);
        var prompt = new List<ChatMessage>(past.Count + 2);
        if (!string.IsNullOrWhiteSpace(systemPrompt))
            prompt.Add(new(ChatRole.System, systemPrompt));
        // An answer whose question was cut or left out must not begin the prompt: strict servers refuse that.
        foreach (var message in past.SkipWhile(x => x.Sender == Senders.Ai))
            Add(prompt, message.Sender, message.Content, pastParts.GetValueOrDefault(message.Seq) ?? []);
        var isBlank = string.IsNullOrWhiteSpace(question.Content) && parts.Count == 0;
        Add(prompt, Senders.User, isBlank ? BlankQuestion : question.Content, parts);
        if (steps.Count == 0)
            Add(prompt, Senders.Ai, reply.Prefix, []);
        foreach (var step in steps)
            Add(prompt, step);
        JoinTexts(prompt);
        var (pastTokens, all) = (forPast - budget.Tokens, own + forPast - budget.Tokens + size.Tools);
        return new(prompt, ratio.Counted(all), ratio.Counted(pastTokens), all, budget.HasTexts, budget.IsSpeechless);
    }

    // What the last reply of this model reported, of the messages that are read anyway.
    static TokenRatio RatioIn(IReadOnlyList<PromptMessage> newest, string model) =>
        newest.FirstOrDefault(x => x.InputRatio is not null && x.Model == model)?.InputRatio is { } known
            ? new(known) : TokenRatio.One;

    // Messages of low importance are cut first, then normal, then high ones, each oldest first. They are taken in the
    // opposite order, and where one does not fit, nothing older and nothing less important is taken.
    async Task<IList<PromptMessage>> ReadPastAsync(
        PendingReplyRow reply, IReadOnlyList<PromptMessage>? all, Attachments.Budget budget, CancellationToken ct)
    {
        var taken = new SortedList<long, PromptMessage>();
        // Of one moment: another path may become the active one between two pages.
        await using var snapshot = all is null ? await history.SnapshotAsync(ct) : null;
        var ancestors = snapshot is null ? null
            : await PastStore.AncestorsAsync(snapshot, reply.UserId, reply.ChatId, reply.QuestionId, ct);
        foreach (var importance in new[] { "high", "normal", "low" })
        {
            var before = reply.QuestionSeq;
            while (true)
            {
                var page = all is not null ? [.. all.Where(x => x.Importance == importance)]
                    : await PastStore.ListAsync(
                        snapshot!, ancestors!, reply.UserId, reply.ChatId, before, importance, PageRows, ct);
                foreach (var message in page.Where(IsSendable))
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

    // What a provider refused is not sent again with every later turn, and strict servers refuse blank turns.
    static bool IsSendable(PromptMessage message) =>
        !message.IsRefused && (message.Media.Count > 0 || !string.IsNullOrWhiteSpace(message.Content));

    // Thoughts, text and calls of a step stand in one message, and their results behind it.
    static void Add(List<ChatMessage> prompt, PastStep step)
    {
        List<AIContent> said =
            [.. step.Calls[0].Sealed.Select(x => new TextReasoningContent("") { ProtectedData = x })];
        if (!string.IsNullOrWhiteSpace(step.Text))
            said.Add(new TextContent(step.Text));
        said.AddRange(step.Calls.Select(x => x.ToContent()));
        prompt.Add(new(ChatRole.Assistant, said));
        prompt.Add(new(ChatRole.Tool, [.. step.Calls.Select(x => x.ToResult())]));
    }

    // Neighbours of one role are joined: some models refuse two turns of one role.
    static void Add(List<ChatMessage> prompt, string sender, string text, IReadOnlyList<AIContent> parts)
    {
        var role = sender == Senders.Ai ? ChatRole.Assistant : ChatRole.User;
        if (prompt.Count == 0 || prompt[^1].Role != role)
            prompt.Add(new(role, (IList<AIContent>)[]));
        var contents = prompt[^1].Contents;
        if (!string.IsNullOrWhiteSpace(text))
            contents.Add(new TextContent(text));
        foreach (var part in parts)
            contents.Add(part);
        if (contents.Count == 0)
            prompt.RemoveAt(prompt.Count - 1); // None of its uploads fitted.
    }

    // Text after text becomes one part. Joined one by one, a long run of questions would be copied for each of them.
    static void JoinTexts(List<ChatMessage> prompt)
    {
        foreach (var message in prompt.Where(x => x.Contents.Count > 1))
        {
            var joined = new List<AIContent>();
            var texts = new List<string>();
            foreach (var part in message.Contents.Append(null))
            {
                if (part is TextContent text)
                {
                    texts.Add(text.Text);
                    continue;
                }
                if (texts.Count > 0)
                    joined.Add(new TextContent(string.Join("\n\n", texts)));
                texts.Clear();
                if (part is not null)
                    joined.Add(part);
            }
            message.Contents = joined;
        }
    }
}
