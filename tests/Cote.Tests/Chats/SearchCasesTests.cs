using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>What finds what: the same before and after the index has it, and on both engines.</summary>
public sealed class SearchCasesTests(SearchCasesTests.Texts texts) : IClassFixture<SearchCasesTests.Texts>
{
    /// <summary>
    /// A query, the text, and what is marked in it, with <c>|</c> between; null where the query does not find the text.
    /// </summary>
    public static TheoryData<string, string, string?> Cases => new()
    {
        // Latin with marks, case and width
        { "cafe", "Un café crème", "café" },
        { "CAFÉ CREME", "Un café crème", "café|crème" },
        { "cafe", "Un cafe\u0301 noir", "cafe\u0301" },
        { "caf\u00e9", "Le cafe du coin", "cafe" },
        { "naive", "Naïveté", "Naïve" },
        { "zlut", "Příliš žluťoučký kůň", "žluť" },
        { "ａｂｃ", "An abc book", "abc" },
        { "hello", "Ｈｅｌｌｏ", "Ｈｅｌｌｏ" },
        { "office", "The oﬃce", "oﬃce" },
        { "angstrom", "Ångström", "Ångström" },
        { "viet", "Tiếng Việt", "Việt" },
        { "o", "A o B", "o" },
        { "o", "only words", null },
        // German ß
        { "strasse", "Hauptstraße und Straße", "Straße" },
        { "STRASSE", "die straße", "straße" },
        { "Straße", "Bakerstrasse, Strasse", "Strasse" },
        { "gross", "Das ist groß.", "groß" },
        { "GROẞ", "gross", "gross" },
        { "stras", "Straße", "Straß" },
        // Turkish i
        { "istanbul", "İstanbul güzel", "İstanbul" },
        { "İSTANBUL", "istanbul", "istanbul" },
        { "ılık", "Ilık su", null },
        { "diyarbakir", "DİYARBAKIR", "DİYARBAKIR" },
        // Greek
        { "οδος", "Η ΟΔΟΣ", "ΟΔΟΣ" },
        { "ΟΔΟΣ", "η οδός μου", "οδός" },
        { "σοφοσ", "ο σοφός", "σοφός" },
        { "ελλην", "Ελληνικά", "Ελλην" },
        // Cyrillic
        { "ПРИВЕТ", "Ну, привет!", "привет" },
        { "елка", "Новогодняя ёлка", "ёлка" },
        { "йод", "ИОД", "ИОД" },
        // Arabic, Hebrew, Hindi
        { "كتاب", "هذا كِتَابٌ جديد", "كِتَابٌ" },
        { "احمد", "أحمد هنا", "أحمد" },
        { "שלום", "שָׁלוֹם עולם", "שָׁלוֹם" },
        { "हिन्दी", "मैं हिन्दी बोलता हूँ", "हिन्दी" },
        { "हिन", "हिन्दी", "हिन" },
        { "की", "राम का घर", null },
        // Chinese and Japanese
        { "北京", "我在北京烤鸭店", "北京" },
        { "京", "我在北京", "京" },
        { "北京烤", "我在北京烤鸭店", "北京烤" },
        { "京北", "我在北京烤鸭店", null },
        { "北鸭", "我在北京烤鸭店", null },
        { "北京 鸭", "我在北京烤鸭店", "北京|鸭" },
        { "iphone手机", "我的手机是iPhone", "手机|iPhone" },
        { "東京", "東京タワー", "東京" },
        { "タワー", "東京ﾀﾜｰ", "ﾀﾜｰ" },
        { "ガラス", "ｶﾞﾗｽの靴", "ｶﾞﾗｽ" },
        { "はは", "ばば", null },
        { "ひらがな", "カタカナとひらがな", "ひらがな" },
        // Korean and Thai
        { "문장", "이 문장은 짧다", "문장" },
        { "국", "대한민국", "국" },
        { "\u1112\u1161\u11ab글", "한글날", "한글" },
        { "สวัสดี", "สวัสดีครับ", "สวัสดี" },
        { "ครับ", "สวัสดีครับ", "ครับ" },
        { "ดีสวัส", "สวัสดีครับ", null },
        // Emoji, numbers, addresses, identifiers
        { "party", "🎉 Party 🎉 time", "Party" },
        { "wine", "🍷🍷🍷 wine", "wine" },
        { "😀", "A smile 😀", null },
        { "314", "3.14 is pi", null },
        { "3.14", "pi is 3.14159", "3|14" },
        { "42", "room 42b", "42" },
        { "example.com/path", "see https://www.example.com/path?q=1", "example|com|path" },
        { "foo_bar", "call foo_bar(1)", "foo|bar" },
        { "bar", "call foo_bar(1)", "bar" },
        { "getUserName", "obj.getUserNames()", "getUserName" },
        { "user", "obj.getUserName()", null },
        { "c++", "I like C++ and C", "C|C" },
        { "x²", "x² + y²", "x²" },
        // Quotations
        { "\"quick brown\"", "The quick brown fox", "quick brown" },
        { "\"brown quick\"", "The quick brown fox", null },
        { "\"QUICK  BROWN\"", "The quick\nbrown fox", "quick\nbrown" },
        { "\"quick bro\"", "The quick brown fox", null },
        { "\"foo-bar\"", "a foo-bar", "foo-bar" },
        { "\"foo-bar\"", "a foo bar", null },
        { "\"c++\"", "C and C++", "C++" },
        { "fox \"the quick\"", "The quick brown fox", "The quick|fox" },
        { "\"北京\"", "我在北京烤鸭店", "北京" },
        { "“quick brown”", "The quick brown fox", "quick brown" },
        // An unclosed quote, and operators as text
        { "\"quick bro", "The quick brown fox", "quick|bro" },
        { "fox \"", "The quick brown fox", "fox" },
        { "cats AND dogs", "cats dogs", null },
        { "cats AND dogs", "Cats and dogs", "Cats|and|dogs" },
        { "-cats", "Cats and dogs", "Cats" },
        { "cats OR", "cats, or dogs", "cats|or" },
        { "NEAR(cats dogs)", "near cats, dogs", "near|cats|dogs" },
        { "cat*", "Cats", "Cat" },
        { "it's", "It's me", "It|s" },
        { "a:b & !c | 'd'", "d c b a", "d|c|b|a" },
        { "dogs cats", "cats dogs", "cats|dogs" },
        { "dog cats", "cats dogs", null },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Finds(string query, string text, string? marked) =>
        (texts.Before[(query, text)], texts.After[(query, text)]).ShouldBe((marked, marked));

    [Fact]
    [Trait("Rows", "none")]
    public void There_are_sixty_at_least() => Cases.Count.ShouldBeGreaterThan(60);

    /// <summary>All texts, in a chat each, and what was found of them before and after the index had them.</summary>
    public sealed class Texts : IAsyncLifetime
    {
        public Dictionary<(string Query, string Text), string?> Before { get; } = [];

        public Dictionary<(string Query, string Text), string?> After { get; } = [];

        public async ValueTask InitializeAsync()
        {
            await using var app = await CoteApp.StartAsync();
            using var ada = await app.RegisterAsync();
            var chats = new Dictionary<string, string>();
            foreach (var text in Cases.Select(x => x.Data.Item2).Distinct())
                chats[text] = await ada.CreateChatAsync(text);
            foreach (var found in new[] { Before, After })
            {
                foreach (var (query, text, _) in Cases.Select(x => x.Data))
                    found[(query, text)] = await ada.FindAsync(query, $"&chat_id={chats[text]}") is [var hit]
                        ? string.Join('|', hit.Found()) : null;
                await app.IndexedAsync(ada);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
