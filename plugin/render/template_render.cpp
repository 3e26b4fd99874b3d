#include <plugin/render/template.hpp>
#include <plugin/render/view_value.hpp>
#include <unordered_map>

namespace zmfw {
namespace {

using Node = Template::Node;

/// Long lists of equal content appear at many ports of a server: what was written once is copied.
constexpr std::size_t k_worth_remembering = 8;

class Renderer {
public:
    Renderer(const Record& view, Escape escape) : m_escape(escape) { m_frames.push_back(Frame{&view, nullptr}); }

    void add_frame(const Record& item) { m_frames.push_back(Frame{&item, nullptr, true, true}); }

    void run(const std::vector<Node>& nodes) {
        for (const auto& node : nodes) run(node);
    }

    [[nodiscard]] std::string take() { return std::move(m_out); }

private:
    struct Frame {
        const Record* record = nullptr;
        const std::string* text = nullptr;
        bool first = false;
        bool last = false;
    };
    struct Written {
        std::size_t begin;
        std::size_t size;
    };

    void run(const Node& node) {
        using Kind = Node::Kind;
        const auto& frame = m_frames[node.frame];
        switch (node.kind) {
            case Kind::text: m_out += node.text; return;
            case Kind::variable: return print(std::get<std::string>(frame.record->at(node.slot)));
            case Kind::item: return print(*frame.text);
            case Kind::flag: return run_if(std::get<bool>(frame.record->at(node.slot)), node);
            case Kind::not_flag: return run_if(!std::get<bool>(frame.record->at(node.slot)), node);
            case Kind::first: return run_if(frame.first, node);
            case Kind::not_first: return run_if(!frame.first, node);
            case Kind::last: return run_if(frame.last, node);
            case Kind::not_last: return run_if(!frame.last, node);
            case Kind::each: return each(node, frame.record->at(node.slot));
            case Kind::none: return run_if(is_empty(frame.record->at(node.slot)), node);
            case Kind::constant: return run(node.children);
        }
    }

    void run_if(bool condition, const Node& node) {
        if (condition) run(node.children);
    }

    void print(const std::string& text) {
        if (m_escape == Escape::none) {
            m_out += text;
        } else {
            append_escaped(m_out, text, m_escape);
        }
    }

    static bool is_empty(const Value& value) {
        const auto* items = std::get_if<Items>(&value);
        return items != nullptr ? (*items)->empty() : std::get<Texts>(value)->empty();
    }

    void each(const Node& node, const Value& value) {
        if (const auto* items = std::get_if<Items>(&value)) {
            std::vector<Written> constants;
            for (std::size_t i = 0; i < (*items)->size(); ++i) {
                // What is written for many servers grows in one step: what a quarter of them took, all will take.
                if (m_frames.size() == 1 && i == (*items)->size() / 4) m_out.reserve(m_out.size() * 4);
                in_frame(node, Frame{(**items)[i].get(), nullptr, i == 0, i + 1 == (*items)->size()}, constants);
            }
            return;
        }
        const auto& texts = *std::get<Texts>(value);
        if (!node.is_closed || texts.size() < k_worth_remembering) return each_text(node, texts);
        const auto [written, is_new] = m_written[&node].try_emplace(&texts, Written{m_out.size(), 0});
        if (!is_new) return repeat(written->second);
        each_text(node, texts);
        written->second.size = m_out.size() - written->second.begin;
    }

    void each_text(const Node& node, const std::vector<std::string>& texts) {
        std::vector<Written> constants;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            in_frame(node, Frame{nullptr, &texts[i], i == 0, i + 1 == texts.size()}, constants);
        }
    }

    /// `constants`: what the first item left of the constant children, in their order.
    void in_frame(const Node& node, const Frame& frame, std::vector<Written>& constants) {
        m_frames.push_back(frame);
        std::size_t constant = 0;
        for (const auto& child : node.children) {
            if (child.kind != Node::Kind::constant) {
                run(child);
            } else if (frame.first) {
                const auto begin = m_out.size();
                run(child.children);
                constants.push_back(Written{begin, m_out.size() - begin});
            } else {
                repeat(constants[constant++]);
            }
        }
        m_frames.pop_back();
    }

    void repeat(const Written& written) { m_out.append(m_out, written.begin, written.size); }

    Escape m_escape;
    std::string m_out;
    std::vector<Frame> m_frames;
    std::unordered_map<const Node*, std::unordered_map<const void*, Written>> m_written;
};

}  // namespace

std::string Template::render(const Record& view) const {
    Renderer renderer(view, m_escape);
    renderer.run(m_nodes);
    return renderer.take();
}

std::string Template::render(const Record& view, const Record& item) const {
    Renderer renderer(view, m_escape);
    renderer.add_frame(item);
    renderer.run(m_nodes);
    return renderer.take();
}

}  // namespace zmfw
