namespace Cote.Admin;

/// <summary>
/// The tables with rows of a user that are deliberately left out of an erasure or an export. A test reads the schema of
/// both engines: a table with <c>user_id</c> must be erased, exported and copied, or stand here with the reason.
/// </summary>
static class UserTables
{
    /// <summary>The tables that outlive an account.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotErased = new Dictionary<string, string>
    {
        ["audit"] = "It records what was done to accounts, their erasure included, and holds no secret.",
        ["webhooks"] = "They are ids on their way; what an erasure leaves is that it was erased, which is told after it.",
    };

    /// <summary>The tables that an export leaves out.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotExported = new Dictionary<string, string>
    {
        ["heads"] = "It is a counter of events.",
        ["events"] = "They are ids of chats and messages that are exported themselves.",
        ["budgets"] = "It is sums of calls that are exported themselves, and the caps that the operator set.",
        ["repeated_calls"] = "They are answers that are kept for a day, for requests that are sent again.",
        ["login_codes"] = "They are logins of the last minute, and hold nothing but hashes.",
        ["chat_jobs"] = "They are work that is under way, and hold no data.",
        ["uploads"] = "They are unfinished, or became media that are exported.",
        ["imports"] = "They say what became of a file that was imported; its chats are exported themselves.",
        ["import_skips"] = "They say what was left out of a file that was imported.",
        ["upload_pieces"] = "They are bytes of unfinished uploads.",
        ["pushes"] = "They are on their way to the user's devices, and are gone within hours.",
        ["mails"] = "They are on their way to the user, and are gone within half an hour.",
        ["mail_codes"] = "They are hashes of codes that the user got by mail.",
        ["audit"] = "It is kept for the operator: GET /admin/audit.",
        ["search_documents"] = "It is an index of texts and titles that are exported themselves.",
        ["webhooks"] = "They are ids of what is exported itself, on their way to the operator's endpoints.",
        ["search_marks"] = "It is a position in the events.",
    };
}
