using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>A reply that has not ended, as a client that attaches to it is told.</summary>
/// <param name="BegunSeq">The event that announced it: nothing of the reply is shown before it.</param>
/// <param name="Attempt">The attempt that <paramref name="Content"/> belongs to.</param>
/// <param name="Place">Where it stands in the tree.</param>
/// <param name="PrefixLength">UTF-16 units of the text that every attempt goes on after.</param>
/// <param name="Home">The node that makes it; null where none does.</param>
/// <param name="IsWaiting">Whether it waits for a person or a client.</param>
sealed record PendingReply(
    string ChatId, string MessageId, string ReplyToId, long Seq, string Model, long BegunSeq, long Attempt,
    string Content, ReplyParts Parts, TreePlace Place, int PrefixLength = 0, string? Home = null,
    bool IsWaiting = false)
{
    public ReplyText Text => new(Attempt, Content, Parts);

    /// <summary>The same reply with another text.</summary>
    public PendingReply With(ReplyText text) =>
        this with { Attempt = text.Attempt, Content = text.Content, Parts = text.Parts };

    /// <summary>The frame that tells a client of all there is.</summary>
    public Frame ToSnapshot(PartsView view, MediaLinks links) =>
        Frame.Write(EventTypes.Snapshot, data => WriteFields(data, view, links));

    /// <summary>Writes the fields of a snapshot.</summary>
    public void WriteFields(Utf8JsonWriter data, PartsView view, MediaLinks links)
    {
        data.WriteString("chat_id"u8, ChatId);
        data.WriteString("message_id"u8, MessageId);
        data.WriteString("reply_to_id"u8, ReplyToId);
        data.WriteNumber("seq"u8, Seq);
        data.WriteString("model"u8, Model);
        data.WriteNumber("attempt"u8, Attempt);
        data.WriteString("content"u8, Content);
        Place.WriteFields(data);
        if (Parts.Rev == 0 || view == PartsView.None)
            return;
        data.WriteNumber("rev"u8, Parts.Rev);
        data.WriteStartArray("parts"u8);
        foreach (var item in Parts.Items)
            JsonSerializer.Serialize(data, item.Part.In(view).Signed(links), WireJson.Part);
        data.WriteEndArray();
    }
}

/// <summary>The row of a reply that has not ended, with all that a run needs of its question and its chat.</summary>
sealed record PendingReplyRow(
    string UserId, string ChatId, string Id, long Seq, string State, long Attempt, long TextAttempt, string Content,
    long Takeovers, string Model, bool IsStopRequested,
    string QuestionId, long QuestionSeq, long BegunSeq, string QuestionStatus,
    string? SystemPrompt, double? Temperature, int? MaxTokens, string? Owner, Timestamp QuestionTimestamp,
    int PrefixLength, string? QuestionParentId, string? Instructions, bool AwaitsTitle, bool HasOwnBudget,
    string? ReasoningEffort, ReplyParts Parts, TreePlace Place)
{
    /// <summary>How many parts the steps have that are over: every attempt goes on after them.</summary>
    public int KeptParts { get; init; }

    /// <summary>Whether its run goes on with what is shown: it has waited, and nothing of it is taken back.</summary>
    public bool GoesOn { get; init; }

    /// <summary>The tools that its client brought, as JSON, or null.</summary>
    public string? ClientTools { get; init; }

    /// <summary>The installation that brought them.</summary>
    public string? ClientId { get; init; }

    /// <summary>The tools that its chat has chosen; null for all.</summary>
    public IReadOnlyList<string>? ChosenTools { get; init; }

    /// <summary>What it has of its own for which a chat has no setting; null for nothing.</summary>
    public ReplyOptions? Options { get; init; }

    /// <summary>
    /// Its question and all messages before it, the newest first, where they were read with the claim; they are as they
    /// were then. Null where its prompt is to be read.
    /// </summary>
    public IReadOnlyList<PromptMessage>? Path { get; init; }

    /// <summary>The text that every attempt goes on after; it is a part of the content.</summary>
    public string Prefix => Content[..Math.Min(PrefixLength, Content.Length)];

    /// <summary>The text and the parts that every attempt goes on after.</summary>
    public ReplyText Kept => new(TextAttempt, Prefix, KeptParts == 0 ? ReplyParts.None
        : new(Parts.Rev, [.. Parts.Items.Take(KeptParts)]));

    /// <summary>The text that stands, and the attempt that made it.</summary>
    public ReplyText Text => new(TextAttempt, Content, Parts);

    public PendingReply ToPendingReply() => new(
        ChatId, Id, QuestionId, Seq, Model, BegunSeq, TextAttempt, Content, Parts, Place, PrefixLength,
        State == States.Running ? Owner : null, State == States.Waiting);

    /// <summary>The call of the model under this fence.</summary>
    public CallKey Call => new(UserId, Id, Purposes.Chat, Attempt);

    /// <summary>
    /// The query for such rows, where <c>r</c> is the reply, <c>q</c> its question and <c>c</c> its chat.
    /// </summary>
    /// <param name="where">Which.</param>
    /// <param name="isNew">They have no parts and no siblings yet.</param>
    public static Sql Select(Sql where, bool isNew = false) => $"{(isNew ? SelectedNew : Selected)} where {where}";

    static readonly Sql Selected = Columns(ReplyParts.ColumnOf($"r", PartsView.All), TreePlace.ColumnsOf($"r"));
    static readonly Sql SelectedNew = Columns($"cast(null as text)", TreePlace.Alone($"r"));

    static Sql Columns(Sql parts, Sql place) => $"""
        select r.user_id, r.chat_id, r.id, r.seq, r.state, r.attempt, r.text_attempt, r.content, r.takeovers, r.model,
          r.stop_wanted, q.id, q.seq, r.begun_seq, q.status, c.system_prompt, r.temperature, r.max_tokens, r.owner,
          q.timestamp, r.prefix, q.parent_id, (select u.instructions from users u where u.id = r.user_id), c.title_state,
          cast(case when {BudgetStore.HasOwn($"r.user_id")} then 1 else 0 end as bigint),
          r.reasoning_effort, r.parts_rev, {parts}, r.kept_parts, r.goes_on,
          q.client_tools, q.client_id, c.tools, r.options, {place}
        from messages r
        join messages q on q.user_id = r.user_id and q.id = r.reply_to_id
        join chats c on c.user_id = r.user_id and c.id = r.chat_id
        """;

    /// <summary>The query for all pending replies of a user, or of one chat, in order, or those after one.</summary>
    public static Sql SelectAll(string userId, string? chatId, (string ChatId, long Seq)? after = null)
    {
        Sql pending = $"r.user_id = {userId} and r.state in {States.Open}";
        if (chatId is not null)
            pending = $"{pending} and r.chat_id = {chatId}";
        if (after is { } last)
            pending = $"{pending} and (r.chat_id, r.seq) > ({last.ChatId}, {last.Seq})";
        return $"{Select(pending)} order by r.chat_id, r.seq";
    }

    public static PendingReplyRow Read(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetString(4), row.GetInt64(5),
        row.GetInt64(6), row.GetString(7), row.GetInt64(8), row.GetString(9), row.GetInt64(10) != 0,
        row.GetString(11), row.GetInt64(12), row.GetInt64(13), row.GetString(14), row.GetStringOrNull(15),
        row.GetDoubleOrNull(16), (int?)row.GetInt64OrNull(17), row.GetStringOrNull(18),
        new(row.GetInt64(19)), (int)row.GetInt64(20), row.GetString(21) is { Length: > 0 } parent ? parent : null,
        row.GetStringOrNull(22), row.GetInt64(23) == TitleStates.Waiting, row.GetInt64(24) != 0,
        row.GetStringOrNull(25), ReplyParts.Read(row.GetStringOrNull(27), row.GetInt64(26)), TreePlace.Read(row, 34))
    {
        KeptParts = (int)row.GetInt64(28),
        GoesOn = row.GetInt64(29) != 0,
        ClientTools = row.GetStringOrNull(30),
        ClientId = row.GetStringOrNull(31),
        ChosenTools = row.GetStringOrNull(32) is { } tools ? MessageStore.ReadTexts(tools) : null,
        Options = ReplyOptions.Parse(row.GetStringOrNull(33)),
    };
}

/// <summary>How a reply ends.</summary>
/// <param name="State">One of the final states.</param>
/// <param name="Text">The text that stays, and the attempt that made it.</param>
/// <param name="FinishReason">How the model ended it, in the provider's words, or null where it did not come to
/// that.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Call">What its last call has used; null where none was made under the last fence.</param>
/// <param name="RefusesQuestion">Whether the provider refused the question for its content: later prompts leave it
/// out.</param>
sealed record ReplyEnd(
    string State, ReplyText Text, string? FinishReason = null, GenerationError? Error = null,
    CallUsage? Call = null, bool RefusesQuestion = false)
{
    /// <summary>Why its tool calls end that have no outcome yet; null where there are none.</summary>
    public GenerationError? OpenCalls { get; init; }

    /// <summary>What all its calls have used, once the end is written.</summary>
    public Chats.Usage? Usage { get; init; }
}
